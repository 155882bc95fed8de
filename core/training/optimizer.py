"""The torch optimiser of a run."""

import torch


def make_optimizer(model, config):
    """The torch optimiser of `config`. Weight decay spares biases and normalisations and is decoupled from the
    gradient (Loshchilov and Hutter 2019), but for "adam", which is the classic one: decay through the gradient.
    """
    weights = [m.weight for m in model.modules() if isinstance(m, torch.nn.Linear)]
    known = {id(w) for w in weights}
    others = [p for p in model.parameters() if id(p) not in known]
    native = config.l2 if config.optimizer in ("adam", "adamw") else 0.0
    groups = [{"params": weights, "weight_decay": native}, {"params": others, "weight_decay": 0.0}]
    if config.optimizer in ("adam", "adamw"):
        kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
        return kind(groups, lr=config.lr, fused=True)
    groups[0]["shrink"], groups[1]["shrink"] = (
        config.l2,
        0.0,
    )  # torch has no decoupled weight decay for these two
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.lr, momentum=0.9)
    return torch.optim.RMSprop(groups, lr=config.lr)
