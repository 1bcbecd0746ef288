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
        "{share} de vos tâches attendent déjà : attendez la fin de l’une, ou annulez-en une.",
    ),
    "storage_full": (
        "There is no room for more uploads: try again in an hour.",
        "Il n’y a plus de place pour d’autres fichiers : réessayez dans une heure.",
    ),
    "upload_large": (
        "The upload is larger than {limit} MB, the limit here: give a smaller file.",
        "L’envoi dépasse {limit} Mo, la limite ici : donnez un fichier plus petit.",
    ),
    "login_title": ("Impasto studio", "Atelier Impasto"),
    "login_password": ("Password", "Mot de passe"),
    "login_enter": ("Enter", "Entrer"),
    "login_wrong": ("That is not the password.", "Ce n’est pas le mot de passe."),
    # ---- the Live tab -------------------------------------------------------------------------
    "needs_video": (
        "This tab needs the video extra. Stop the studio, install it with the command below, and start the studio "
        "again.",
        "Cet onglet a besoin de l’extra vidéo. Arrêtez l’atelier, installez-le avec la commande ci-dessous, puis "
        "relancez.",
    ),
    "live_start": ("Start the camera", "Démarrer la caméra"),
    "live_stop": ("Stop", "Arrêter"),
    "live_snapshot": ("Snapshot", "Prendre une photo"),
    "live_mirror": ("Mirror", "Miroir"),
    "live_camera": ("Camera", "Caméra"),
    "live_painted": ("What the camera sees, painted", "Ce que voit la caméra, peint"),
    "live_rate": ("{rate} frames/s · {delay} ms · {size}", "{rate} images/s · {delay} ms · {size}"),
    "live_insecure": (
        "Browsers give the camera only to secure pages: open the studio as http://localhost on its own machine, or "
        "start it with --tls-cert and --tls-key.",
        "Les navigateurs ne donnent la caméra qu’aux pages sûres : ouvrez l’atelier par http://localhost sur sa propre "
        "machine, ou lancez-le avec --tls-cert et --tls-key.",
    ),
    "live_asking": ("The browser asks for the camera …", "Le navigateur demande la caméra …"),
    "live_refused": (
        "The camera was refused: allow it beside the page’s address, and start again.",
        "La caméra a été refusée : autorisez-la à côté de l’adresse de la page, puis recommencez.",
    ),
    "live_none": ("There is no camera here: plug one in.", "Il n’y a pas de caméra ici : branchez-en une."),
    "live_taken": (
        "The camera gives no picture: another program may be using it.",
        "La caméra ne donne pas d’image : un autre programme l’utilise peut-être.",
    ),
    "live_lost": (
        "The studio does not answer: is it still running?",
        "L’atelier ne répond pas : tourne-t-il encore ?",
    ),
    "live_large": (
        "A live picture has at most 1 MB: set the camera to fewer pixels.",
        "Une image en direct a 1 Mo au plus : réglez la caméra sur moins de pixels.",
    ),
    "live_full": (
        "{places} visitors are being painted already: wait for one to stop.",
        "{places} visiteurs sont déjà peints : attendez que l’un s’arrête.",
    ),
    "live_early": (
        "The last picture is still being painted: send the next one after its answer.",
        "La dernière image est encore en cours : envoyez la suivante après sa réponse.",
    ),
    # ---- the Video tab ------------------------------------------------------------------------
    "video_drop": ("Video: drop one", "Vidéo : déposez-en une"),
    "video_before": ("Original", "Originale"),
    "video_after": ("Painted", "Peinte"),
    "video_start": ("From (seconds)", "De (secondes)"),
    "video_end": ("To (seconds)", "À (secondes)"),
    "video_size": ("Longer side", "Grand côté"),
    "video_size_info": (
        "Fewer pixels are painted faster: time goes with the area.",
        "Moins de pixels se peignent plus vite : le temps suit la surface.",
    ),
    "video_original": ("as it is", "tel quel"),
    "video_stabilize": ("Against flicker", "Contre le scintillement"),
    "video_off": ("nothing", "rien"),
    "video_light": ("light", "léger"),
    "video_flow": ("thorough, slower", "poussé, plus lent"),
    "video_preview": ("Preview one second", "Aperçu d’une seconde"),
    "video_render": ("Paint the video", "Peindre la vidéo"),
    "video_welcome": (
        "Drop a video to begin. Its sound is kept.",
        "Déposez une vidéo pour commencer. Le son est gardé.",
    ),
    "video_opened": (
        "**{name}** · {width} × {height}, {seconds:.1f} s, {rate:.0f} frames a second",
        "**{name}** · {width} × {height}, {seconds:.1f} s, {rate:.0f} images par seconde",
    ),
    "video_painting": (
        "Frame {done} of {count} · {rate:.1f} frames a second · {left} left",
        "Image {done} sur {count} · {rate:.1f} images par seconde · encore {left}",
    ),
    "video_waiting": ("Waiting for its turn …", "En attente de son tour …"),
    "video_first": ("Reading the video …", "Lecture de la vidéo …"),
    "video_joining": ("Adding the sound …", "Ajout du son …"),
    "video_previewed": (
        "One second from {start:.1f} s, painted in {seconds:.1f} s.",
        "Une seconde à partir de {start:.1f} s, peinte en {seconds:.1f} s.",
    ),
    "video_finished": (
        "**{name}** · {frames} frames in {seconds:.1f} s, {rate:.1f} frames a second",
        "**{name}** · {frames} images en {seconds:.1f} s, {rate:.1f} images par seconde",
    ),
    "video_damaged": (
        "{count} damaged pieces were skipped.",
        "{count} morceaux abîmés ont été sautés.",
    ),
    "video_truncated": (
        "The file ends before its end; the {frames} frames that it holds are painted.",
        "Le fichier s’arrête avant sa fin ; les {frames} images qu’il contient sont peintes.",
    ),
    "video_cancelled": ("Cancelled.", "Annulé."),
}

COMPLAINTS: tuple[tuple[str, str, str], ...] = (
    (
        r"^The start ([\d.]+) is after the video's end; it lasts ([\d.]+)",
        "",
        "Le début, {0} s, est après la fin de la vidéo, qui dure {1} s.",
    ),
    (
        r"^The end (-?[\d.]+) is not after the start",
        "",
        "La fin, {0} s, n’est pas après le début ; donnez-en une autre.",
    ),
    (
        r"^These are (\d+) seconds of video, the limit is (\d+)",
        "",
        "Cela fait {0} secondes de vidéo, la limite est {1} : choisissez une partie plus courte.",
    ),
    (
        r"^There is no video in (.+?); ",
        "",
        "Il n’y a pas d’image animée dans {0} ; donnez un autre fichier.",
    ),
    (
        r"^(.+) is a picture, not a video",
        "{0} is a picture, not a video: open it on the Picture tab.",
        "{0} est une image, pas une vidéo : ouvrez-la dans l’onglet Photo.",
    ),
    (
        r"^(.+) has no frame in the span",
        "",
        "{0} n’a pas d’image entre ce début et cette fin ; donnez-en d’autres.",
    ),
    (
        r"^No frame of (.+) can be decoded",
        "",
        "Aucune image de {0} n’est lisible : le fichier est abîmé ou inhabituel.",
    ),
    (
        r"^(.+) cannot be written \((.+)\)",
        "{0} cannot be written on the studio’s machine ({1}).",
        "{0} ne peut pas être écrit sur la machine de l’atelier ({1}).",
    ),
    (
        r"^The [\w ]+ (\d+) \((.+?)\) of (.+?)(?: is made of pictures.* and)? is left out",
        "",
        "La piste {0} ({1}) de {2} est laissée de côté.",
    ),
    (
        r"^The [\w ]+ (\d+) \((.+?)\) of (.+?) does not fit into this container and is encoded anew as (\w+)",
        "",
        "La piste {0} ({1}) de {2} ne va pas dans ce format ; elle est réencodée en {3}.",
    ),
    (
        r"^(\d+) damaged packets of sound or subtitles",
        "",
        "{0} paquets abîmés de son ou de sous-titres ont été laissés de côté.",
    ),
    (
        r"^Transparent places of (.+), if it has any, are shown on white",
        "",
        "Les parties transparentes de {0}, s’il y en a, apparaissent sur fond blanc.",
    ),
    (
        r"^The transparency of (.+) is left out",
        "",
        "La transparence de {0} est laissée de côté ; on voit les couleurs qu’elle cachait.",
    ),
    (r"^There is no video yet", "", "Il n’y a pas encore de vidéo ; déposez-en une."),
    (r"^This video cannot be read", "", "Cette vidéo est illisible : elle est abîmée, tronquée ou inhabituelle."),
    (r"^This is no video that can be read", "", "Ce n’est pas une vidéo lisible ici ; convertissez-la en MP4."),
    (
        r"^The video is (\d+) x (\d+), the limit",
        "",
        "La vidéo fait {0} × {1}, la limite est 4096 × 2304 : réduisez-la d’abord.",
    ),
    (
        r"^The file has (.+), the limit is (.+?):",
        "",
        "Le fichier fait {0}, la limite est {1} : prenez-en un plus petit.",
    ),
    (r"^This is a video, not a picture", "", "C’est une vidéo, pas une image : ouvrez-la dans l’onglet Vidéo."),
    (
        r"^A file cannot be sent inside a request",
        "",
        "Un fichier ne s’envoie pas dans une requête : envoyez-le d’abord.",
    ),
)
"""As :data:`impasto.studio.phrases.COMPLAINTS`."""
