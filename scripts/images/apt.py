"""Packages of Debian for another machine."""

import os
import re
import subprocess


def run(*words, **more):
    return subprocess.run(words, check=True, **more)


def output(*words, **more):
    return run(*words, capture_output=True, text=True, **more).stdout


class Apt:
    """Packages of another architecture, fetched and unpacked, nothing installed."""

    def __init__(self, arch, work):
        self.folder = os.path.abspath(f"{work}/apt-{arch}")
        for name in ("state/lists/partial", "cache/archives/partial", "deb"):
            os.makedirs(f"{self.folder}/{name}", exist_ok=True)
        open(f"{self.folder}/status", "a").close()
        self.options = [word for option in (
            f"Dir::State={self.folder}/state", f"Dir::State::status={self.folder}/status",
            f"Dir::Cache={self.folder}/cache", f"APT::Architecture={arch}", f"APT::Architectures={arch}",
        ) for word in ("-o", option)]
        if not any("Packages" in name for name in os.listdir(f"{self.folder}/state/lists")):
            # A list that a mirror does not have right now is done without.
            subprocess.run(["apt-get", *self.options, "-qq", "update"])

    def unpacked(self, package):
        """The folder it is unpacked in."""
        to = f"{self.folder}/{package}"
        if not os.path.isdir(to):
            told = output("apt-cache", *self.options, "depends", package)
            real = re.search(r"Depends: (linux-image-\d\S*)", told)
            name = real.group(1) if real else package
            run("apt-get", *self.options, "-qq", "download", name, cwd=f"{self.folder}/deb")
            deb = next(file for file in os.listdir(f"{self.folder}/deb") if file.startswith(name + "_"))
            run("dpkg-deb", "-x", f"{self.folder}/deb/{deb}", to + ".new")
            os.rename(to + ".new", to)
        return to

    def wanted_by(self, package):
        """The package and all that it depends on."""
        told = output("apt-cache", *self.options, "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts",
                      "--no-breaks", "--no-replaces", "--no-enhances", package)
        return sorted(set(re.findall(r"^([a-z0-9][^\s<>]*)$", told, re.M)))
