# Sourced: puts cargo-zigbuild and zig on the PATH, into a virtual environment
# under target/ where the machine has none.
command -v cargo-zigbuild >/dev/null && cargo-zigbuild zigbuild --help >/dev/null 2>&1 || {
    [ -x target/zig/bin/cargo-zigbuild ] || {
        python3 -m venv target/zig || { echo "needs python3 with venv (Debian: python3-venv)" >&2; exit 1; }
        target/zig/bin/pip install --quiet --disable-pip-version-check \
            ziglang==0.17.1 cargo-zigbuild==0.24.0
    }
    PATH=$PWD/target/zig/bin:$PATH
}
