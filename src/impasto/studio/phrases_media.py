"""Texts of the server, the Video tab and the Live tab: key to English and French."""

from __future__ import annotations

PHRASES: dict[str, tuple[str, str]] = {
    # ---- the server ---------------------------------------------------------------------------
    "queue_full": (
        "{waiting} jobs are waiting already: try again in a minute.",
        "{waiting} tâches attendent déjà : réessayez dans une minute.",
    ),
    "queue_share": (
        "{share} of your jobs are waiting already: wait for one to end, or cancel one.",
        "{share} de vos tâches attendent déjà : attendez la fin de l'une, ou annulez-en une.",
    ),
    "storage_full": (
        "There is no room for more uploads: try again in an hour.",
        "Il n'y a plus de place pour d'autres fichiers : réessayez dans une heure.",
    ),
    "upload_large": (
        "The upload is larger than {limit} MB, the limit here: give a smaller file.",
        "L'envoi dépasse {limit} Mo, la limite ici : donnez un fichier plus petit.",
    ),
    "login_title": ("Impasto studio", "Studio Impasto"),
    "login_password": ("Password", "Mot de passe"),
    "login_enter": ("Enter", "Entrer"),
    "login_wrong": ("That is not the password.", "Ce n'est pas le mot de passe."),
}
