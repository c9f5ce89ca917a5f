# Sourced: finds a compiler that can rebuild the standard library and exports
# CARGO, RUSTC and RUSTC_BOOTSTRAP for it, saying which it took and why.
# It needs the library's source beside it and must know immediate abort.

rebuilds_std() { # RUSTC
    local root
    root=$("$1" --print sysroot 2>/dev/null) || return 1
    [ -e "$root/lib/rustlib/src/rust/library/std/Cargo.toml" ] || return 1
    RUSTC_BOOTSTRAP=1 "$1" -Zunstable-options -Cpanic=immediate-abort --print cfg >/dev/null 2>&1
}

find_toolchain() {
    local name why cargo rustc refused=
    for name in nightly default /usr/bin; do
        case $name in
        /usr/bin) cargo=/usr/bin/cargo rustc=/usr/bin/rustc why="the distribution's, with its library source" ;;
        default) cargo=$(rustup which cargo 2>/dev/null) rustc=$(rustup which rustc 2>/dev/null)
                 why="rustup's default, with rust-src" ;;
        *) cargo=$(rustup which --toolchain $name cargo 2>/dev/null)
           rustc=$(rustup which --toolchain $name rustc 2>/dev/null)
           why="rustup's $name, with rust-src" ;;
        esac
        [ -x "$cargo" ] && [ -x "$rustc" ] || continue
        if rebuilds_std "$rustc"; then
            export CARGO=$cargo RUSTC=$rustc RUSTC_BOOTSTRAP=1
            echo "toolchain: $("$rustc" --version) ($why)${refused:+; passed over:$refused}"
            return
        fi
        refused="$refused $name (no library source, or too old)"
    done
    cat >&2 <<'END'
No Rust compiler here can rebuild the standard library. Install one of:
  rustup toolchain install nightly && rustup component add rust-src --toolchain nightly
  apt-get install rustc-web cargo-web rust-web-src      (Debian 12; 1.91 or newer)
A plain `cargo build --release` needs none of this and gives the same program, larger.
END
    return 1
}
