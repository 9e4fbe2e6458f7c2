"""What becomes of each file of a corpus: a source in the bundle's audio, or a reason why not."""

from dataclasses import dataclass

from idiolect.corpus.reading.decode import Header, UnreadableError, probe
from idiolect.corpus.reading.earlier import Earlier
from idiolect.corpus.reading.files import Candidate, hash_content
from idiolect.corpus.reading.labels import label_files

__all__ = ["Entry", "Skipped", "Source", "Stored", "examine"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file as it lies in the bundle's audio."""

    name: str
    start: int  # frame in the bundle's audio
    frames: int  # at the bundle's rate
    sample_rate: int  # its own, Hz
    channels: int  # its own
    notes: tuple[str, ...] = ()  # what was unusual about reading it


@dataclass(frozen=True, slots=True)
class Skipped:
    """One file that could not be used."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in the bundle's audio and what does not."""

    sources: tuple[Source, ...]
    candidates: tuple[Candidate, ...]  # the file of each source
    hashes: tuple[str, ...]  # of each source's content
    known: tuple[int, ...]  # each source's index in the earlier bundle; -1: it is new
    skipped: tuple[Skipped, ...]
    channels: int  # of the bundle


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that can be used, and what is known of it."""

    candidate: Candidate
    size: int  # bytes
    hash: str
    header: Header
    known: int  # index in the earlier bundle; -1: none
    labelled: bool  # whether somebody drew boundaries into it


def examine(
    candidate: Candidate, names: tuple[str, ...], earlier: Earlier | None
) -> Entry | Skipped | None:
    """Find out whether a file can be used; None where nobody would expect it to."""
    try:
        labels = label_files(candidate.path, names)
        content, size = hash_content(candidate.path, labels)
        known = -1 if earlier is None else earlier.hashes.get(content, -1)
        if earlier is not None and known >= 0:
            own = earlier.sources[known]
            header = Header(int(own["sample_rate"]), int(own["channels"]))
        else:
            header = probe(candidate.path)
    except OSError as error:
        return Skipped(candidate.name, error.strerror or str(error))
    except UnreadableError as error:
        return Skipped(candidate.name, str(error)) if candidate.expected else None
    return Entry(candidate, size, content, header, known, bool(labels))
