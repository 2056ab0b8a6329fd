"""Features exactly as libvosk computes them: 80 log-mel energies a frame of 10 ms, and the MFCC made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import kaldi_native_fbank
import numpy as np
import numpy.typing as npt

from assistant.errors import WrongInputError

Sound = npt.NDArray[np.float32]
"""Samples between -1 and 1, mono, at `SAMPLE_RATE`."""
LogMel = npt.NDArray[np.float32]
"""Natural logarithms of mel energies, shape (frames, `MEL_BINS`)."""

SAMPLE_RATE: Final = 16_000
MEL_BINS: Final = 80
FRAME_SECONDS: Final = 0.01
FULL_SCALE: Final = 32768.0
"""Kaldi computes with samples as 16-bit numbers."""
CEPSTRAL_LIFTER: Final = 22.0
"""Kaldi's default, which no option file of ours changes."""
MFCC_OPTIONS: Final[Mapping[str, str]] = {
    "use-energy": "false",
    "sample-frequency": str(SAMPLE_RATE),
    "num-mel-bins": str(MEL_BINS),
    "num-ceps": str(MEL_BINS),
    "low-freq": "0",
    "high-freq": "0",
    "window-type": "hanning",
    "preemphasis-coefficient": "0.0",
    "dither": "0",
    "allow-upsample": "true",
    "allow-downsample": "true",
}
"""What ``conf/mfcc.conf`` says. As many cepstra as bins: nothing is lost, and the matrix can be undone. Window, range
and missing pre-emphasis are Whisper's, so that its energies can be told from these."""


def dct_with_lifter() -> npt.NDArray[np.float64]:
    """Return the matrix that makes MFCC of log-mel energies: ``mfcc = log_mel @ matrix``, shape (80, 80).

    An orthonormal cosine transform of type II (Kaldi's ``ComputeDctMatrix``) and the cepstral lifter
    ``1 + L/2 sin(pi i / L)`` (Kaldi's ``ComputeLifterCoeffs``).
    """
    order = np.arange(MEL_BINS)
    cosines = np.sqrt(2 / MEL_BINS) * np.cos(np.pi / MEL_BINS * np.outer(order + 0.5, order))
    cosines[:, 0] = np.sqrt(1 / MEL_BINS)
    lifter = 1 + 0.5 * CEPSTRAL_LIFTER * np.sin(np.pi * order / CEPSTRAL_LIFTER)
    return np.asarray(cosines * lifter, np.float64)


def filterbank_options() -> kaldi_native_fbank.FbankOptions:
    """Return the options of kaldi-native-fbank under which it gives the energies that Kaldi's MFCC are made of."""
    options = kaldi_native_fbank.FbankOptions()
    _set_options(options, {name: value for name, value in MFCC_OPTIONS.items() if name != "num-ceps"})
    options.use_log_fbank = True
    options.use_power = True
    return options


def log_mel(sound: Sound) -> LogMel:
    """Return the log-mel energies of ``sound``; frames that would reach over its end are left out, as in Kaldi."""
    return _frames(kaldi_native_fbank.OnlineFbank(filterbank_options()), sound)


def mfcc(energies: LogMel) -> npt.NDArray[np.float32]:
    """Return the MFCC of log-mel energies, shape (frames, 80), as libvosk feeds them to the network."""
    return np.asarray(energies @ dct_with_lifter(), np.float32)


def reference_mfcc(sound: Sound, options: Mapping[str, str]) -> npt.NDArray[np.float32]:
    """Return the MFCC by kaldi-native-fbank's own MFCC computer, a port of Kaldi's.

    Args:
        sound: The sound.
        options: Kaldi's options, as `read_options` reads them from a model's ``conf/mfcc.conf``.
    """
    chosen = kaldi_native_fbank.MfccOptions()
    _set_options(chosen, options)
    return _frames(kaldi_native_fbank.OnlineMfcc(chosen), sound)


def read_options(text: str) -> dict[str, str]:
    """Read the lines ``--name=value`` of a Kaldi options file; ``#`` begins a comment.

    Raises:
        BadOptionsError: A line is of another form.
    """
    options = {}
    for line in text.splitlines():
        stated = line.partition("#")[0].strip()
        if not stated:
            continue
        name, equals, value = stated.partition("=")
        if not name.startswith("--") or not equals:
            raise BadOptionsError(f"“{stated}” is no option of Kaldi's: it should be like --name=value.")
        options[name.removeprefix("--")] = value
    return options


def mfcc_difference(sound: Sound, options: Mapping[str, str]) -> float:
    """Return the greatest difference between our MFCC and kaldi-native-fbank's under ``options``.

    The proof that the network trains on what libvosk will feed it. Figures of MFCC go up to some hundreds.
    """
    return float(np.abs(mfcc(log_mel(sound)) - reference_mfcc(sound, options)).max())


class BadOptionsError(WrongInputError):
    """An options file that Kaldi wouldn't read, or an option that isn't known here."""


_PLACES: Final = {
    "use-energy": ("", "use_energy"),
    "num-ceps": ("", "num_ceps"),
    "cepstral-lifter": ("", "cepstral_lifter"),
    "sample-frequency": ("frame_opts", "samp_freq"),
    "window-type": ("frame_opts", "window_type"),
    "preemphasis-coefficient": ("frame_opts", "preemph_coeff"),
    "dither": ("frame_opts", "dither"),
    "num-mel-bins": ("mel_opts", "num_bins"),
    "low-freq": ("mel_opts", "low_freq"),
    "high-freq": ("mel_opts", "high_freq"),
}
"""Where kaldi-native-fbank keeps Kaldi's options."""
_RESAMPLING: Final = frozenset({"allow-upsample", "allow-downsample"})
"""They let Kaldi take sound at other rates; at 16 kHz they change nothing."""


def _set_options(target: Any, options: Mapping[str, str]) -> None:  # noqa: ANN401 - two unrelated foreign types
    for name, value in options.items():
        if name in _RESAMPLING:
            continue
        if name not in _PLACES:
            raise BadOptionsError(f"The option --{name} is not known here; the features may differ from Kaldi's.")
        group, attribute = _PLACES[name]
        place = getattr(target, group) if group else target
        present = getattr(place, attribute)
        if isinstance(present, bool):
            setattr(place, attribute, value == "true")
        else:
            setattr(place, attribute, type(present)(value))


def _frames(computer: Any, sound: Sound) -> npt.NDArray[np.float32]:  # noqa: ANN401 - foreign, untyped
    computer.accept_waveform(SAMPLE_RATE, (np.asarray(sound, np.float32) * FULL_SCALE).tolist())
    computer.input_finished()
    count = computer.num_frames_ready
    if not count:
        return np.zeros((0, MEL_BINS), np.float32)
    return np.stack([computer.get_frame(index) for index in range(count)])
