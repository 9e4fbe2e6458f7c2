"""Write the audio of all sources end to end, in bounded memory."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.reading.decode import MOST_CHANNELS, Decoder, UnreadableError
from idiolect.corpus.reading.earlier import Earlier
from idiolect.corpus.reading.files import Candidate
from idiolect.corpus.reading.level import Level
from idiolect.corpus.reading.silence import shorten
from idiolect.corpus.reading.sources import Entry, Skipped, Source, Stored, examine
from idiolect.corpus.settings import CorpusSettings
from idiolect.corpus.workers import each
from idiolect.errors import CorpusError

__all__ = ["store"]

HEADER_BYTES = 128  # a multiple of 64, as the npy format asks
BATCH_BYTES = 16 << 20  # of files decoded by one call; beside it, tiny files cost a call each
BATCH_FILES = 1024
LARGE_BYTES = 256 << 20  # a file beyond this is decoded into its place, not copied there

Block = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Files that were decoded together, and where their frames lie."""

    entries: list[Entry]
    found: list[Source | Skipped]
    file: IO[bytes] | None  # None: already in their place


def store(
    candidates: list[Candidate],
    path: Path,
    settings: CorpusSettings,
    progress: Callable[[float, float], None],
    earlier: Earlier | None = None,
) -> Stored:
    """Decode every usable candidate into one ``.npy`` file.

    Parameters
    ----------
    candidates
        Files to try, in the order in which they shall lie.
    path
        The file to write: ``float32[frames, channels]``, stereo when any source is.
    settings
        Rate, level, silences, threads.
    progress
        Called with bytes read and bytes in all.
    earlier
        What need not be decoded again.

    Raises
    ------
    CorpusError
        When no candidate holds audio; the message gives the first reasons.
    """
    look = partial(examine, names=settings.scale_names, earlier=earlier)
    batches = [candidates[at : at + BATCH_FILES] for at in range(0, len(candidates), BATCH_FILES)]
    each_batch = each(lambda batch: [look(one) for one in batch], batches, settings.jobs)
    examined = [found for batch in each_batch for found in batch]
    entries = [entry for entry in examined if isinstance(entry, Entry)]
    skipped = [entry for entry in examined if isinstance(entry, Skipped)]
    channels = MOST_CHANNELS if any(e.header.channels > 1 for e in entries) else 1
    if earlier is not None and earlier.channels != channels:
        earlier = None
    with path.open("wb") as file:
        file.write(_npy_header(0, channels))
        work = _Work(file, path.parent, settings, channels, earlier)
        sources, kept = work.run(entries, skipped, progress)
        file.seek(0)
        file.write(_npy_header(work.frames, channels))
    if not sources:
        raise CorpusError(_nothing(skipped))
    return Stored(
        sources=tuple(sources),
        candidates=tuple(entry.candidate for entry in kept),
        hashes=tuple(entry.hash for entry in kept),
        known=tuple(entry.known if earlier is not None else -1 for entry in kept),
        skipped=tuple(sorted(skipped, key=lambda s: s.name)),
        channels=channels,
    )


@dataclass
class _Work:
    """The file that is being written, and how far it is."""

    file: IO[bytes]
    folder: Path
    settings: CorpusSettings
    channels: int
    earlier: Earlier | None
    frames: int = 0

    def run(
        self,
        entries: list[Entry],
        skipped: list[Skipped],
        progress: Callable[[float, float], None],
    ) -> tuple[list[Source], list[Entry]]:
        """Write every entry; give what lies there, and add what failed to `skipped`."""
        total, done = sum(entry.size for entry in entries), 0
        sources: list[Source] = []
        kept: list[Entry] = []
        for decoded in each(self._decode, list(_batches(entries)), self.settings.jobs):
            for entry, source in zip(decoded.entries, self._place(decoded), strict=True):
                done += entry.size
                if isinstance(source, Skipped):
                    skipped.append(source)
                else:
                    sources.append(source)
                    kept.append(entry)
            progress(done, total)
        return sources, kept

    def _decode(self, entries: list[Entry]) -> _Decoded:
        """Decode a batch into a file of its own; one large file is left for its place."""
        if entries[0].size > LARGE_BYTES:
            return _Decoded(entries, [], None)
        part = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115 - closed where it is placed
        return _Decoded(entries, [self._append(part, entry) for entry in entries], part)

    def _place(self, decoded: _Decoded) -> Iterator[Source | Skipped]:
        """Bring a batch to the end of the audio."""
        found = decoded.found
        if decoded.file is None:
            found = [self._append(self.file, entry) for entry in decoded.entries]
        else:
            with decoded.file:
                decoded.file.seek(0)
                shutil.copyfileobj(decoded.file, self.file, 1 << 20)
        for source in found:
            if isinstance(source, Skipped):
                yield source
            else:
                yield self._moved(source)

    def _moved(self, source: Source) -> Source:
        start, self.frames = self.frames, self.frames + source.frames
        return replace(source, start=start)

    def _append(self, file: IO[bytes], entry: Entry) -> Source | Skipped:
        """Write one source at the end of a file; nothing of it where it cannot be read."""
        begin = file.tell()
        try:
            return self._copy(file, entry) if self._is_known(entry) else self._read(file, entry)
        except UnreadableError as error:
            file.seek(begin)
            file.truncate()
            return Skipped(entry.candidate.name, str(error))

    def _is_known(self, entry: Entry) -> bool:
        return self.earlier is not None and entry.known >= 0

    def _copy(self, file: IO[bytes], entry: Entry) -> Source:
        """Take a source from the earlier bundle."""
        assert self.earlier is not None
        first, last = self.earlier.span(entry.known)
        file.write(np.ascontiguousarray(self.earlier.audio[first:last], "<f4").data)
        notes = tuple(self.earlier.sources[entry.known]["notes"])
        return self._source(entry, last - first, notes)

    def _read(self, file: IO[bytes], entry: Entry) -> Source:
        """Decode a source."""
        settings, begin = self.settings, file.tell()
        decoder = Decoder(entry.candidate.path, settings.sample_rate, self.channels)
        blocks: Iterator[Block] = map(_finite, decoder.blocks())
        longest = round(settings.silence_seconds * settings.sample_rate)
        if longest and not entry.labelled:  # its labels tell the time of the whole file
            blocks = shorten(blocks, longest)
        level, frames = Level(settings.sample_rate), 0
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
            if settings.level_db < 0:
                level.hear(block)
            frames += len(block)
        if frames == 0:
            rate = settings.sample_rate
            raise UnreadableError(f"its {decoder.frames} frames are too few at {rate} Hz")
        notes = list(decoder.notes)
        if longest and entry.labelled:
            notes.append("labelled, so its silences are not cut down")
        if settings.level_db < 0:
            gain = level.gain(settings.level_db)
            notes.append(f"levelled by {20 * np.log10(gain):+.1f} dB")
            _scale(file, begin, frames * self.channels, gain)
        return self._source(entry, frames, tuple(notes))

    def _source(self, entry: Entry, frames: int, notes: tuple[str, ...]) -> Source:
        header = entry.header
        return Source(entry.candidate.name, 0, frames, header.sample_rate, header.channels, notes)


def _batches(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Split into runs that are worth a call; what is large is a run of its own."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        full = size + entry.size > BATCH_BYTES or len(batch) == BATCH_FILES
        if batch and (full or entry.size > LARGE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield batch


def _scale(file: IO[bytes], begin: int, samples: int, gain: float) -> None:
    """Multiply what was just written, in place."""
    for at in range(0, samples, 1 << 20):
        count = min(1 << 20, samples - at)
        file.seek(begin + 4 * at)
        block = np.frombuffer(file.read(4 * count), "<f4") * np.float32(gain)
        file.seek(begin + 4 * at)
        file.write(block.data)


def _finite(block: Block) -> Block:
    """Resampling numbers near the largest float can overflow; such samples are silenced."""
    finite = np.isfinite(block)
    return block if finite.all() else np.where(finite, block, np.float32(0))


def _npy_header(frames: int, channels: int) -> bytes:
    """Make a version 1.0 npy header of fixed size, so that it can be written again at the end."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({frames}, {channels}), }}"
    size = HEADER_BYTES - 10
    body = text.encode("latin1").ljust(size - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + size.to_bytes(2, "little") + body


def _nothing(skipped: list[Skipped]) -> str:
    if not skipped:
        return "no audio files in the given folders; give a folder with wav, flac, ogg, mp3 or aiff"
    first = ", ".join(f"{s.name} ({s.reason})" for s in skipped[:3])
    more = f" and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    return f"none of {len(skipped)} audio files can be read: {first}{more}; convert them to wav"
