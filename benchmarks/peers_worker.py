"""Train one sequence model of RecBole and score questions; run by peers.py in RecBole's Python.

Early stopping is RecBole's own, on the last visit of each user in training (leave one out). The
weights of the best epoch are kept in memory.
"""

import argparse
import copy
import json
import resource
import time
from pathlib import Path

import numpy as np
import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.data.interaction import Interaction
from recbole.utils import get_model, get_trainer, init_seed

CHUNK = 500
#: As RecBole's own configurations of these models; what is not here is RecBole's default.
LOSS = {"SASRec": "CE", "GRU4Rec": "CE", "FPMC": "BPR"}


class BudgetUsed(Exception):
    """Ends training between two epochs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", choices=LOSS)
    parser.add_argument("folder", type=Path, help="holds train.npz and queries.npz")
    parser.add_argument("--budget", type=float, default=1800.0, help="CPU seconds of training")
    parser.add_argument("--max-length", type=int, default=50, help="visits looked back")
    parser.add_argument("--batch", type=int, default=256, help="questions per step")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    write_inter(args.folder)
    config = configuration(args)
    init_seed(args.seed, reproducibility=True)
    dataset = create_dataset(config)
    train, valid, _ = data_preparation(config, dataset)
    model = get_model(args.model)(config, train.dataset).to(config["device"])
    note = fit(model, config, train, valid, args.budget)
    np.save(args.folder / "scores.npy", score(model, dataset, args))
    note["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (args.folder / "note.json").write_text(json.dumps(note))


def write_inter(folder: Path) -> None:
    """Write the training visits as RecBole's atomic file."""
    table = np.load(folder / "train.npz")
    (folder / "nyc").mkdir(exist_ok=True)
    rows = zip(table["user"], table["item"], table["order"], strict=True)
    with open(folder / "nyc" / "nyc.inter", "w", encoding="utf-8") as file:
        file.write("user_id:token\titem_id:token\ttimestamp:float\n")
        file.writelines(f"u{user}\ti{item}\t{order}\n" for user, item, order in rows)


def configuration(args: argparse.Namespace) -> Config:
    """Return RecBole's defaults with our data, full ranking and leave-one-out validation."""
    own = {
        "data_path": str(args.folder),
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "MAX_ITEM_LIST_LENGTH": args.max_length,
        "train_batch_size": args.batch,
        "loss_type": LOSS[args.model],
        "eval_args": {"split": {"LS": "valid_only"}, "order": "TO", "group_by": "user",
                      "mode": "full"},
        "metrics": ["MRR"], "topk": [10], "valid_metric": "MRR@10",
        "use_gpu": False, "seed": args.seed, "show_progress": False,
        "checkpoint_dir": str(args.folder / "saved"),
    }  # fmt: skip
    if LOSS[args.model] == "CE":
        own["train_neg_sample_args"] = None
    return Config(model=args.model, dataset="nyc", config_dict=own)


def fit(model, config, train, valid, budget: float) -> dict:
    """Train until RecBole stops early or the budget is used; keep the best epoch."""
    best = {"score": -np.inf, "epoch": 0, "weights": None, "last": 0}
    begun, wall = time.process_time(), time.perf_counter()

    def after_epoch(epoch: int, score: float) -> None:
        best["last"] = epoch + 1
        if score > best["score"]:
            weights = copy.deepcopy(model.state_dict())
            best.update(score=score, epoch=epoch + 1, weights=weights)
        if time.process_time() - begun > budget:
            raise BudgetUsed

    converged = True
    try:
        trainer = get_trainer(config["MODEL_TYPE"], config["model"])(config, model)
        trainer.fit(train, valid, verbose=False, saved=False, callback_fn=after_epoch)
    except BudgetUsed:
        converged = False
    model.load_state_dict(best["weights"])
    return {
        "cpu_s": time.process_time() - begun,
        "wall_s": time.perf_counter() - wall,
        "epochs": best["last"],
        "best_epoch": best["epoch"],
        "inner_mrr@10": float(best["score"]),
        "converged": converged,
    }


@torch.no_grad()
def score(model, dataset, args: argparse.Namespace) -> np.ndarray:
    """Return the scores of all places for each question, columns in strec's order."""
    model.eval()
    asked = np.load(args.folder / "queries.npz")
    items = dataset.token2id("item_id", [f"i{code}" for code in range(asked["n_items"])])
    users = dataset.token2id("user_id", [f"u{code}" for code in asked["user"]])
    n = len(users)
    history = np.zeros((n, args.max_length), dtype=np.int64)
    length = np.ones(n, dtype=np.int64)
    for q, (first, last) in enumerate(zip(asked["indptr"][:-1], asked["indptr"][1:], strict=True)):
        seen = items[asked["item"][first:last][-args.max_length :]]
        history[q, : len(seen)] = seen
        length[q] = max(1, len(seen))
    parts = []
    for at in range(0, n, CHUNK):
        rows = slice(at, at + CHUNK)
        some = Interaction(
            {
                "user_id": torch.as_tensor(users[rows]),
                "item_id_list": torch.as_tensor(history[rows]),
                "item_length": torch.as_tensor(length[rows]),
            }
        )
        scores = model.full_sort_predict(some).view(len(some), -1)
        parts.append(scores.numpy()[:, items])
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
