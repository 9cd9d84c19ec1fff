"""Make gate_results.json: what the dependence gate says about each sample.

Run after any change to the samples or to the gate:

    python sample_data/make_gate.py
"""

import json
import tempfile
from pathlib import Path

from strec.gate import dependence_test as full_test
from strec.gate import tested_before
from strec.io.samples import read_sample, samples
from strec.split import split
from strec.store import Store


def main() -> None:
    """Test all of them anew and write the file into strec/data."""
    kept = {}
    for sample in samples():
        with tempfile.TemporaryDirectory() as folder:
            store = Store.create(
                read_sample(sample.name), Path(folder) / "store", name=sample.title
            )
            result = full_test(split(store.checkins()).train, **tested_before.FULL_TEST)
        kept[store.fingerprint] = result.to_dict()
        print(f"{sample.name}: {result.route}, {result.seconds:.0f} s")
    tested_before.FILE.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
