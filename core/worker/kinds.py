"""What each kind of job does: a function of the store, the job's row and `say(message, progress)`."""

from core.worker import bundle, decoding, exploring, groups, judging, preparing, reading, training, verifying

KINDS = {
    "read": reading.read_file,
    "steps": reading.take_steps,
    "look": reading.look_at_samples,
    "join": reading.join_samples,
    "prepare": preparing.prepare_data,
    "genes": preparing.choose_genes,
    "proteins": preparing.look_at_proteins,
    "forecast": preparing.foresee,
    "train": training.train,
    "explore": exploring.explore,
    "embed": exploring.draw,
    "labels": judging.compare_labels,
    "spaces": judging.compare_spaces,
    "explained": judging.explain_features,
    "stability": judging.compare_seeds,
    "profile": decoding.profile,
    "bundle": bundle.make_bundle,
    "verify": verifying.verify,
    "meaning": decoding.find_meaning,
    "markers": groups.markers,
    "steadiness": groups.steadiness,
    "clusters": groups.find_clusters,
}
