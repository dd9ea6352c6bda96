# SPDX-License-Identifier: Apache-2.0
# packages.sh: sourced by quickstart and check. Which Debian packages hugs3 is built and tested with, and a way to have
# them: looks first, asks for nothing that is there, and says what it is about to install.
#
# "a|b" is one need that either package meets; the first that apt knows is the one installed.

BUILD_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config libmicrohttpd-dev libcurl4-openssl-dev libxml2-dev libssl-dev
    liblz4-dev libblake3-dev|librust-blake3-dev libjansson-dev libsqlite3-dev libinih-dev libisal-dev zlib1g-dev"

CHECK_PACKAGES="git libcmocka-dev clang clang-format clang-tidy libclang-rt-dev|libclang-rt-14-dev python3 python3-venv"

# The needs among the arguments that nothing installed meets. One dpkg-query for all: this runs at every start.
missing_packages() {
    local need name met all
    all=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' ${@//|/ } 2>/dev/null || true)"
    for need in "$@"; do
        met=
        for name in ${need//|/ }; do
            case $all in *" installed:$name "*) met=1 ;; esac
        done
        [ -n "$met" ] || echo "$need"
    done
}

# need_packages NEED…: installs what is missing. Root does it itself; anybody else is asked for a password by sudo.
need_packages() {
    local missing sudo= need name chosen=()
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "This needs the packages (or what your system calls them): $missing" >&2
        return 1
    fi
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { echo "As root, please: apt-get install" $missing >&2; return 1; }
        sudo=sudo
    fi
    echo "Missing packages:" $missing >&2
    $sudo apt-get -q -q update || echo "apt-get update failed; trying with the lists that are there" >&2
    for need in $missing; do
        for name in ${need//|/ }; do
            apt-cache show "$name" >/dev/null 2>&1 && break
        done
        chosen+=("$name")
    done
    echo "Installing with apt-get: ${chosen[*]}" >&2
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -q -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 install "${chosen[@]}" >&2
}
