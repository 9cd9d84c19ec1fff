"""Make counter_mix_fits.json: the counter mix's weights for each sample, as the pages ask for them.

Run after any change to the samples or to how the weights are fitted:

    python sample_data/make_fits.py

For each sample: all check-ins (Recommend), those of the training part with and without the time of
the target (Evaluate), and those before the latest 500 (Live).
"""

import json

from strec.io.samples import read_sample, samples
from strec.models import CounterMix
from strec.models.counting import fitted_before
from strec.recommend.replay import log_before
from strec.split import Log, Vocabulary, encode, split


def main() -> None:
    """Fit all of them anew and write the file into strec/data."""
    # What is in the file now must not answer in place of a fit.
    fitted_before.FILE.unlink(missing_ok=True)
    fitted_before._known.cache_clear()
    weights, sizes = {}, set()
    for sample in samples():
        for log, time_known in asked(sample.name):
            model = CounterMix(time_known=time_known)
            model.fit(log)
            weights[fitted_before.digest_of(log, model.settings())] = [
                float(f"{weight:.9g}") for weight in model.weights()
            ]
            sizes.add(len(log))
        print(sample.name, "done")
    kept = {"sizes": sorted(sizes), "weights": weights}
    fitted_before.FILE.write_text(json.dumps(kept, indent=0) + "\n")


def asked(name: str) -> list[tuple[Log, bool]]:
    """Return the logs of a sample to which pages fit a counter mix."""
    checkins = read_sample(name)
    log = encode(checkins, Vocabulary.of(checkins))
    train = split(checkins).train
    return [(log, True), (log_before(log, 500)[0], True), (train, True), (train, False)]


if __name__ == "__main__":
    main()
