#!/bin/sh
# Makes everything that Marigold needs, and says what it could not make. Used by the Makefile.
#   setup.sh run    the environment and PortAudio
#   setup.sh test   the same, the tools of the tests, and PulseAudio for the virtual devices
set -eu
purpose=${1:-run}
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
export UV_PYTHON_DOWNLOADS=never
tools=.tools

say() { printf '%s\n' "$*" >&2; }

# apt_install PURPOSE PACKAGE ...: by root or password-less sudo; otherwise prints the line to type.
apt_install() {
    why=$1
    shift
    line="apt-get install --yes --no-install-recommends $*"
    if command -v apt-get >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ]; then
            as=""
        elif sudo -n true 2>/dev/null; then
            as="sudo -n"
        else
            say "$why: type  sudo $line"
            return 1
        fi
        say "Installing for $why: $*"
        # shellcheck disable=SC2086 # the words of $line are the command's words
        if DEBIAN_FRONTEND=noninteractive $as $line >/dev/null 2>&1 ||
            { $as apt-get update >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive $as $line >/dev/null 2>&1; }; then
            return 0
        fi
        say "That failed. $why: type  sudo $line"
        return 1
    fi
    say "$why is missing. On Debian, Ubuntu and Raspberry Pi OS: sudo $line"
    return 1
}

have_library() {
    { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -q "$1"
}

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$candidate"
            return 0
        fi
    done
    return 1
}

python=$(find_python) || {
    say "Marigold needs Python 3.11 or newer (on Debian 12 or newer: sudo apt-get install python3 python3-venv)."
    exit 3
}

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    uv=$tools/bin/uv
    if [ ! -x "$uv" ]; then
        say "Setting up the package manager (once)."
        if ! "$python" -m venv "$tools" >/dev/null 2>&1; then
            rm -rf "$tools"
            apt_install "Python environments" python3-venv || exit 3
            "$python" -m venv "$tools"
        fi
        "$tools/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" || {
            say "The packages can't be fetched: the first set-up needs the network once."
            exit 3
        }
    fi
fi

group=--no-dev
[ "$purpose" = test ] && group=--dev
[ -d .venv ] || say "Installing Marigold into .venv (once; about a minute)."
"$uv" sync --quiet --locked --inexact $group --python "$python" || {
    say "The packages could not be installed; see the lines above. The first set-up needs the network once."
    exit 3
}

if [ "$(uname -s)" = Linux ]; then
    have_library libportaudio.so.2 || apt_install "sound (PortAudio)" libportaudio2 libasound2-plugins ||
        say "Without it Marigold takes typed questions and shows the answers."
    if [ "$purpose" = test ]; then
        { command -v pulseaudio && command -v pactl; } >/dev/null 2>&1 ||
            apt_install "the virtual sound devices of the tests" pulseaudio pulseaudio-utils libasound2-plugins ||
            say "Without it the tests with sound devices are skipped."
    fi
fi
