"""Makes rounds, and says what came of them in what JSON can hold."""

import hashlib
from threading import Event

from seedlab.core.reports import Failed, Finished, Progress, Waiting
from tests.pipelines.plain import hash_pixels


def make(manager, recipes, on_step=lambda report, stop: None, leaves=False, **options) -> dict:
    """Make a round; returns the hashes of the pictures and what was reported on the way."""
    stop, previews = Event(), 0
    pictures, pixels, drafts = ([empty] * len(recipes) for empty in ("", "", None))
    failures, devices, steps, sentences = [], [], [], []
    reports = manager.generate(recipes, stop, **options)
    for report in reports:
        if isinstance(report, Progress):
            steps.append((report.index, report.step))
            previews += report.preview is not None
            on_step(report, stop)
            if leaves:
                reports.close()
                break
        elif isinstance(report, Finished):
            latents = report.checksums.latents if report.checksums else ""
            pictures[report.index] = hashlib.sha256(latents.encode() + report.image.tobytes()).hexdigest()
            pixels[report.index] = hash_pixels(report.image)
            drafts[report.index] = report.draft_steps
            devices.append(report.environment.device)
        elif isinstance(report, Failed):
            failures.append(report.sentence)
        elif isinstance(report, Waiting):
            sentences.append(report.sentence)
    return {
        "pictures": pictures,
        "pixels": pixels,
        "drafts": drafts,
        "failures": failures,
        "devices": sorted(set(devices)),
        "steps": list(dict.fromkeys(steps)),
        "previews": previews,
        "sentences": list(dict.fromkeys(sentences)),
    }
