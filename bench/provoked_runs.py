"""The runs of make bench-diagnosis: what provokes each of them, and the case that was expected before it ran."""

from typing import NamedTuple

from core.training.diagnosis_case import Case

CITE, RNA, PANCREAS = "pbmc10k_citeseq.h5ad", "pbmc3k.h5ad", "baron_pancreas_human.h5ad"
EXAMPLE, SIMULATED = "example", "simulated"  # of core.data.demo


class Provoked(NamedTuple):
    """A run: its dataset, what is done to it, the cases that are right, and after how many epochs it is looked at."""

    file: str
    what: str
    settings: dict
    expected: tuple
    n_cells: int = 1500
    seen: int | None = None  # epochs, while the run goes on; None: at its end


STEADY = {"schedule": "constant"}
WIDE = {"n_hidden": 1024, "n_layers": 2, "dropout": 0.0, "latent_noise": 0.0, "target": "whole"}
RUNS = [
    Provoked(RNA, "one-cycle, epoch 5 of 40", {"epochs": 40}, (Case.WARMING_UP,), seen=5),
    Provoked(
        RNA,
        "constant rate 0.001, epoch 8 of 60",
        {"epochs": 60, "lr": 1e-3} | STEADY,
        (Case.LEARNING,),
        seen=8,
    ),
    Provoked(CITE, "one-cycle, epoch 20 of 40", {"epochs": 40, "lr": 3e-3}, (Case.LEARNING,), seen=20),
    Provoked(RNA, "3 epochs", {"epochs": 3}, (Case.TOO_SHORT,)),
    Provoked(RNA, "one-cycle, defaults", {}, (Case.CANNOT_TELL,)),
    Provoked(CITE, "cosine, 40 epochs", {"epochs": 40, "schedule": "cosine"}, (Case.CANNOT_TELL,)),
    Provoked(CITE, "constant rate 0.001, 12 epochs", {"epochs": 12, "lr": 1e-3} | STEADY, (Case.FALLING,)),
    Provoked(RNA, "constant rate 0.0003, 25 epochs", {"epochs": 25, "lr": 3e-4} | STEADY, (Case.FALLING,)),
    Provoked(
        RNA,
        "constant rate 0.001, 16 units, 5 dimensions, 150 epochs",
        {"n_hidden": 16, "n_latent": 5, "epochs": 150, "lr": 1e-3} | STEADY,
        (Case.CONVERGED,),
    ),
    Provoked(RNA, "rate 0.00001", {"epochs": 40, "lr": 1e-5}, (Case.RATE_TOO_LOW,)),
    Provoked(CITE, "SGD at 0.0001", {"epochs": 40, "lr": 1e-4, "optimizer": "sgd"}, (Case.RATE_TOO_LOW,)),
    Provoked(RNA, "rate 3", {"epochs": 40, "lr": 3.0}, (Case.RATE_TOO_HIGH,)),
    Provoked(CITE, "constant rate 1", {"epochs": 40, "lr": 1.0} | STEADY, (Case.RATE_TOO_HIGH,)),
    Provoked(
        RNA,
        "SGD at 10, not scaled, gradients not clipped",
        {
            "epochs": 20,
            "lr": 10.0,
            "optimizer": "sgd",
            "scale": False,
            "clip_grad": 0.0,
            "norm": "none",
        },
        (Case.NOT_A_NUMBER,),
    ),
    Provoked(RNA, "L1 of 1,000", {"epochs": 40, "l1": 1000.0}, (Case.NO_BETTER_THAN_MEAN,)),
    Provoked(
        RNA,
        "variational, KL weight 1,000",
        {"epochs": 40, "model": "variational", "beta": 1000.0},
        (Case.NO_BETTER_THAN_MEAN,),
    ),
    Provoked(
        RNA,
        "two layers of 1,024 units, no dropout, constant rate",
        {"epochs": 60, "lr": 3e-3} | WIDE | STEADY,
        (Case.OVER_FITTING,),
    ),
    Provoked(
        CITE,
        "the same with proteins",
        {"epochs": 60, "lr": 3e-3} | WIDE | STEADY,
        (Case.OVER_FITTING,),
    ),
    Provoked(CITE, "protein weight 0", {"epochs": 40, "weight_protein": 0.0}, (Case.PROTEINS_NOT_LEARNT,)),
    Provoked(
        CITE,
        "dropout 0.8 and 8 units for proteins",
        {"epochs": 40, "dropout": 0.8, "n_hidden_protein": 8, "linear_path": False, "target": "whole"},
        (Case.WORSE_THAN_PCA,),
    ),
]

# The independent set: other cells, genes, seeds and settings. All expected cases were written down, and committed,
# before the first of these runs was trained.
OTHER = {"n_top_genes": 700, "seed": 11}
LINEAR_OFF = {"dropout": 0.8, "n_hidden": 8, "linear_path": False, "target": "whole"}
INDEPENDENT = [
    Provoked(EXAMPLE, "one-cycle, epoch 9 of 60", {"epochs": 60}, (Case.WARMING_UP,), seen=9),
    Provoked(
        SIMULATED,
        "constant rate 0.001, epoch 3 of 50",
        {"epochs": 50, "lr": 1e-3} | STEADY,
        (Case.WARMING_UP,),
        2000,
        seen=3,
    ),
    Provoked(
        PANCREAS, "cosine, epoch 15 of 50", {"epochs": 50, "schedule": "cosine"}, (Case.LEARNING,), seen=15
    ),
    Provoked(EXAMPLE, "one-cycle, epoch 20 of 30", {"epochs": 30}, (Case.LEARNING,), seen=20),
    Provoked(SIMULATED, "2 epochs", {"epochs": 2}, (Case.TOO_SHORT,), 1200),
    Provoked(PANCREAS, "one-cycle, 30 epochs", {"epochs": 30}, (Case.CANNOT_TELL,)),
    Provoked(SIMULATED, "cosine, 60 epochs", {"epochs": 60, "schedule": "cosine"}, (Case.CANNOT_TELL,), 3000),
    Provoked(
        PANCREAS, "constant rate 0.0005, 15 epochs", {"epochs": 15, "lr": 5e-4} | STEADY, (Case.FALLING,)
    ),
    Provoked(
        SIMULATED,
        "constant rate 0.0005, 20 epochs",
        {"epochs": 20, "lr": 5e-4} | STEADY,
        (Case.FALLING,),
        2000,
    ),
    Provoked(EXAMPLE, "constant rate 0.001, 10 epochs", {"epochs": 10, "lr": 1e-3} | STEADY, (Case.FALLING,)),
    Provoked(
        RNA,
        "constant rate 0.001, 16 units, 4 dimensions, 200 epochs",
        {"n_hidden": 16, "n_latent": 4, "epochs": 200, "lr": 1e-3} | STEADY,
        (Case.CONVERGED,),
        1000,
    ),
    Provoked(
        SIMULATED,
        "constant rate 0.001, 32 units, 8 dimensions, 150 epochs",
        {"n_hidden": 32, "n_latent": 8, "epochs": 150, "lr": 1e-3} | STEADY,
        (Case.CONVERGED,),
        4000,
    ),
    Provoked(PANCREAS, "rate 0.00001", {"epochs": 40, "lr": 1e-5}, (Case.RATE_TOO_LOW,)),
    Provoked(EXAMPLE, "SGD at 0.0001", {"epochs": 40, "lr": 1e-4, "optimizer": "sgd"}, (Case.RATE_TOO_LOW,)),
    Provoked(
        SIMULATED,
        "constant rate 0.00003",
        {"epochs": 30, "lr": 3e-5} | STEADY,
        (Case.RATE_TOO_LOW,),
    ),
    Provoked(PANCREAS, "rate 5", {"epochs": 30, "lr": 5.0}, (Case.RATE_TOO_HIGH,)),
    Provoked(EXAMPLE, "constant rate 2", {"epochs": 30, "lr": 2.0} | STEADY, (Case.RATE_TOO_HIGH,)),
    Provoked(SIMULATED, "constant rate 1", {"epochs": 40, "lr": 1.0} | STEADY, (Case.RATE_TOO_HIGH,)),
    Provoked(
        PANCREAS,
        "SGD at 10, not scaled, gradients not clipped",
        {"epochs": 20, "lr": 10.0, "optimizer": "sgd", "scale": False, "clip_grad": 0.0, "norm": "none"},
        (Case.NOT_A_NUMBER,),
    ),
    Provoked(SIMULATED, "L1 of 1,000", {"epochs": 30, "l1": 1000.0}, (Case.NO_BETTER_THAN_MEAN,)),
    Provoked(
        EXAMPLE,
        "variational, KL weight 1,000",
        {"epochs": 30, "model": "variational", "beta": 1000.0},
        (Case.NO_BETTER_THAN_MEAN,),
    ),
    Provoked(
        PANCREAS,
        "two layers of 1,024 units, no dropout, constant rate",
        {"epochs": 60, "lr": 3e-3} | WIDE | STEADY,
        (Case.OVER_FITTING,),
        1000,
    ),
    Provoked(
        EXAMPLE, "the same with proteins", {"epochs": 60, "lr": 3e-3} | WIDE | STEADY, (Case.OVER_FITTING,)
    ),
    Provoked(
        SIMULATED,
        "the same, few cells",
        {"epochs": 60, "lr": 3e-3} | WIDE | STEADY,
        (Case.OVER_FITTING,),
        800,
    ),
    Provoked(EXAMPLE, "protein weight 0", {"epochs": 30, "weight_protein": 0.0}, (Case.PROTEINS_NOT_LEARNT,)),
    Provoked(
        SIMULATED,
        "protein weight 0",
        {"epochs": 30, "weight_protein": 0.0},
        (Case.PROTEINS_NOT_LEARNT,),
        2500,
    ),
    Provoked(PANCREAS, "dropout 0.8 and 8 units", {"epochs": 40} | LINEAR_OFF, (Case.WORSE_THAN_PCA,)),
    Provoked(SIMULATED, "dropout 0.8 and 8 units", {"epochs": 40} | LINEAR_OFF, (Case.WORSE_THAN_PCA,), 2500),
    Provoked(
        EXAMPLE,
        "256 units, no dropout, target whole, one-cycle, 25 epochs",
        {"epochs": 25, "n_hidden": 256, "dropout": 0.0, "target": "whole"},
        (Case.GAP,),
    ),
]
