#!/bin/sh
# Runs a command with a virtual microphone and speaker (PulseAudio null sinks): for machines without a sound card.
#   scripts/virtual_devices.sh marigold
# Inside, `paplay --device=vmic question.wav` speaks into the microphone, and
# `parec --device=vspeaker.monitor --file-format=wav heard.wav` records what is said.
set -eu
[ $# -gt 0 ] || {
    echo "usage: $0 COMMAND [ARGUMENT ...]" >&2
    exit 2
}
command -v pulseaudio >/dev/null 2>&1 || {
    echo "pulseaudio is missing. Type: sudo apt-get install pulseaudio pulseaudio-utils libasound2-plugins" >&2
    exit 3
}

folder=$(mktemp -d)
chmod 700 "$folder"
server=
finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

unset PULSE_SERVER PULSE_SINK PULSE_SOURCE
export PULSE_RUNTIME_PATH="$folder" PULSE_STATE_PATH="$folder" PULSE_COOKIE="$folder/cookie"
# norewinds: a plain null sink renders up to 2 s ahead, and recordings begin late.
pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --realtime=no --high-priority=no \
    --log-target="file:$folder/log" \
    -L "module-native-protocol-unix socket=$folder/native auth-anonymous=1" \
    -L "module-null-sink sink_name=vspeaker rate=48000 channels=1 norewinds=1" \
    -L "module-null-sink sink_name=vmic rate=16000 channels=1 norewinds=1" >/dev/null 2>&1 &
server=$!

tries=0
until [ -S "$folder/native" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
        echo "The virtual sound server did not start:" >&2
        tail -n 3 "$folder/log" >&2 2>/dev/null || true
        exit 3
    fi
    sleep 0.05
done

# PortAudio lists the devices when it starts, hence these before the command.
export PULSE_SERVER="unix:$folder/native" PULSE_SINK=vspeaker PULSE_SOURCE=vmic.monitor
status=0
"$@" || status=$?
exit "$status"
