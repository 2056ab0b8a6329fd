"""Speech models, and in ``recipe`` how ours is made; a package so that ``python -m models.recipe`` runs."""
