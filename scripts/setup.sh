#!/bin/sh
# Makes everything that Marigold needs, and says what it could not make. Used by the Makefile.
#   setup.sh run    the environment and PortAudio
#   setup.sh test   the same, the tools of the tests, and PulseAudio for the virtual devices
set -eu
purpose=${1:-run}
CDPATH='' cd -- "$(dirname -- "$0")/.."

UV_VERSION=0.13.9
export UV_PYTHON_DOWNLOADS=never
# Whatever environment is in use in this shell: ours is .venv.
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
tools=.tools
# Seconds that apt may wait for a server that doesn't answer; without a network it would wait for minutes.
APT_TIMEOUT=15

say() { printf '%s\n' "$*" >&2; }

# apt_install PURPOSE PACKAGE ...: by root or password-less sudo; otherwise prints the line to type.
apt_install() {
    why=$1
    shift
    line="apt-get install --yes --no-install-recommends $*"
    patience="-o Acquire::Retries=0 -o Acquire::http::Timeout=$APT_TIMEOUT -o Acquire::https::Timeout=$APT_TIMEOUT"
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
        # shellcheck disable=SC2086 # the words of $as, $line and $patience are the command's words
        if $as env DEBIAN_FRONTEND=noninteractive $line $patience >/dev/null 2>&1 ||
            { $as apt-get update $patience >/dev/null 2>&1 &&
                $as env DEBIAN_FRONTEND=noninteractive $line $patience >/dev/null 2>&1; }; then
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

# own_uv: the package manager in .tools, fetched once.
own_uv() {
    [ -x "$tools/bin/uv" ] && return 0
    say "Setting up the package manager (once)."
    if ! "$python" -m venv "$tools" >/dev/null 2>&1; then
        rm -rf "$tools"
        apt_install "Python environments" python3-venv || return 1
        "$python" -m venv "$tools" >/dev/null 2>&1 || {
            rm -rf "$tools"
            say "$python still makes no environment; choose another Python: PYTHON=python3.12 make run"
            return 1
        }
    fi
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" || {
        say "The package manager can't be fetched: the first set-up needs the network once."
        return 1
    }
}

# sync UV: .venv as uv.lock has it.
sync() {
    "$1" sync --quiet --locked --inexact $group --python "$python"
}

group=--no-dev
# The tests run the recipe of the speech model too.
[ "$purpose" = test ] && group="--dev --extra train"
[ -d .venv ] || say "Installing Marigold into .venv (once; about a minute)."
# A uv of the system may be too old for our lock; then, or without any, ours does it.
if { command -v uv >/dev/null 2>&1 && sync uv; } || { own_uv && sync "$tools/bin/uv"; }; then
    :
elif [ "$purpose" = run ] && .venv/bin/marigold --version >/dev/null 2>&1; then
    say "Marigold could not be brought up to date; going on with what is installed."
else
    say "Marigold could not be installed; see the lines above. The first set-up needs the network once."
    exit 3
fi

if [ "$(uname -s)" = Linux ]; then
    have_library libportaudio.so.2 || apt_install "sound (PortAudio)" libportaudio2 libasound2-plugins ||
        say "Without it Marigold takes typed questions and shows the answers."
    if [ "$purpose" = test ]; then
        { command -v pulseaudio && command -v pactl; } >/dev/null 2>&1 ||
            apt_install "the virtual sound devices of the tests" pulseaudio pulseaudio-utils libasound2-plugins ||
            say "Without it the tests with sound devices are skipped."
    fi
fi
