"""Words: normal form, numbers, durations, and text made fit to be spoken. Imports nothing of ours."""

from assistant.language.durations import duration_seconds, spoken_duration
from assistant.language.normal_form import normal_form, stems, words_of
from assistant.language.numbers import digits_to_words, figures_in, words_to_digits
from assistant.language.spoken import sentences_of, speakable, word_runs

__all__ = [
    "digits_to_words",
    "duration_seconds",
    "figures_in",
    "normal_form",
    "sentences_of",
    "speakable",
    "spoken_duration",
    "stems",
    "word_runs",
    "words_of",
    "words_to_digits",
]
