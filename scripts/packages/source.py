"""The sources with all they need to be compiled without a network, and the binaries."""

import os
import shutil
import subprocess

import tree as content

CONFIG = """
# Crates come from vendor/.
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
"""


def build(targets):
    """Lays dist/source/ironmasq-VERSION/ anew."""
    folder = os.path.join(content.HOME, "dist/source", f"ironmasq-{content.version()}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    listed = subprocess.run(["git", "-C", content.HOME, "ls-files", "-z"], capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        source = os.path.join(content.HOME, name)
        if name.startswith((".ci/", ".git")) or not os.path.exists(source):
            continue
        target = os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    subprocess.run(["cargo", "vendor", "--quiet", "--locked", "vendor"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, ".cargo/config.toml"), "a") as file:
        file.write(CONFIG)
    for target in targets:
        program = os.path.join(content.HOME, "dist", target, "ironmasq")
        if os.path.exists(program):
            os.makedirs(os.path.join(folder, "prebuilt", target))
            shutil.copy2(program, os.path.join(folder, "prebuilt", target))
    return os.path.relpath(folder, content.HOME)
