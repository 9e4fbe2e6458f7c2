"""A bundle whose names are hostile and whose figures are partly missing."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from idiolect.learning.page.writing import write_page, write_speech
from idiolect.speech.measure import measure_speech
from synthetic import make_bundle

HOSTILE = "</script><img src=x onerror=document.body.dataset.hacked=1>{{script}}.wav"


@dataclass(frozen=True)
class Paged:
    """A bundle with its page."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def path(self) -> Path:
        return self.folder / "report.html"

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def data(self) -> dict[str, Any]:
        start = self.text.index('id="data">') + len('id="data">')
        return dict(json.loads(self.text[start : self.text.index("</script>", start)]))


@pytest.fixture(scope="session")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Paged:
    bundle = make_bundle(tmp_path_factory.mktemp("page") / "random.idiolect")
    folder = bundle.path
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sources"][0] |= {"name": HOSTILE, "notes": [HOSTILE]}
    bits = {"uniform": 3.5, "unigram": 3.1, "best_ngram": 2.8, "network": 2.7,
            "mixture_no_parent": 2.5, "mixture": float("nan")}  # fmt: skip
    ranges = {name: {"mean": b, "low": b - 0.2, "high": b + 0.3} for name, b in bits.items()}
    steps = [{"mean": b, "low": b - 0.3, "high": b + 0.3} for b in (3.1, 2.8, float("nan"), 2.9)]
    known = {"units": 30, "bits_per_token": bits, "intervals": ranges, "best_ngram": "PPM of order 2",
             "ladder": {"Kneser-Ney": steps, "PPM": steps[:2]}}  # fmt: skip
    unknown = {"units": 0, "bits_per_token": dict.fromkeys(bits, float("nan"))}
    choice = {"sizes": [4, 8, 12], "rates": [1.0, 2.0, 1.5], "errors": [0.1, None, 0.2],
              "chosen": 8, "why": "the most bits per second"}  # fmt: skip
    manifest["report"] = {
        "bundle": f"{HOSTILE}.idiolect",
        "scales": [
            {
                "name": "grain",
                "figures": known,
                "size_choice": choice,
            },
            {"name": "note", "figures": unknown, "speaks": HOSTILE},
        ],
        "left_out": {"section": "too few units"},
        "skipped": [{"name": HOSTILE, "reason": "no audio"}],
        "training": {"steps": 10, "note": "short"},
        "seconds": {"decode": 0.1, "train": 2.0},
    }
    frames = len(bundle.audio)
    manifest["splits"] = [
        {"edges": [0, frames // 3, frames // 2, frames], "kinds": kinds}
        for kinds in ([0, 3, 2], [1, 3, 0])
    ]
    write_speech(folder, manifest, measure_speech(bundle, [0]))
    write_page(folder, manifest)
    return Paged(folder, manifest)
