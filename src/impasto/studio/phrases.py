"""The texts themselves: key to (English, French). Names in braces are filled in where a text is used."""

from __future__ import annotations

from impasto.studio.phrases_media import COMPLAINTS as MEDIA_COMPLAINTS
from impasto.studio.phrases_media import PHRASES as MEDIA

_SHARED = {
    "title": ("Impasto studio", "Atelier Impasto"),
    "tagline": (
        "Your photographs, painted on your own machine. Nothing leaves it.",
        "Vos photos, peintes sur votre propre machine. Rien n’en sort.",
    ),
    "tab_picture": ("Picture", "Photo"),
    "tab_paint": ("Paint", "Peindre"),
    "tab_video": ("Video", "Vidéo"),
    "tab_live": ("Live", "En direct"),
    "tab_learn": ("Learn", "Apprendre"),
    "unexpected": (
        "Something went wrong that should not have; the terminal that runs the studio has the details.",
        "Une erreur inattendue s’est produite ; les détails sont dans le terminal où tourne l’atelier.",
    ),
    "needs_train": (
        "This tab needs PyTorch. Stop the studio, install it with the command below, and start the studio again.",
        "Cet onglet a besoin de PyTorch. Arrêtez l’atelier, installez-le avec la commande ci-dessous, puis relancez.",
    ),
    "styles": ("Styles", "Styles"),
    "add_to_blend": ("Add to the blend", "Ajouter au mélange"),
    "take_out": ("Take out of the blend", "Retirer du mélange"),
    "share_of": ("Share", "Part"),
    "blend_hint": ("The + on a style blends it in.", "Le + d’un style l’ajoute au mélange."),
    "before": ("Photograph", "Photo"),
    "after": ("Painting", "Peinture"),
    "divider": ("Divider between photograph and painting", "Séparation entre la photo et la peinture"),
    "more": ("More", "Plus de réglages"),
    "download": ("Download", "Télécharger"),
    "stop": ("Stop", "Arrêter"),
    "language": ("Language", "Langue"),
}

_PICTURE = {
    "drop_photos": ("Photographs: drop one or many", "Photos : déposez-en une ou plusieurs"),
    "example": ("Try it on an example", "Essayer sur un exemple"),
    "strength": ("Strength", "Intensité"),
    "strength_info": ("0 is the photograph, 1 the full style.", "0 : la photo, 1 : le style entier."),
    "colors": ("Colours", "Couleurs"),
    "colors_style": ("of the style", "du style"),
    "colors_content": ("of the photograph", "de la photo"),
    "colors_match": ("of the style, toned like the photograph", "du style, aux tons de la photo"),
    "style_scale": ("Stroke size", "Taille des touches"),
    "style_scale_info": ("1 as trained, 2 twice as large.", "1 : comme apprise, 2 : deux fois plus grande."),
    "grain": ("Grain", "Grain"),
    "grain_info": (
        "Strokes for even skies and walls; 0 leaves them plain.",
        "Des touches pour les ciels et murs unis ; 0 les laisse lisses.",
    ),
    "size": ("Longer side of the result in pixels", "Grand côté du résultat en pixels"),
    "size_info": ("0 keeps the photograph’s size.", "0 garde la taille de la photo."),
    "work_size": ("Strokes of large photographs", "Touches des grandes photos"),
    "work_size_preview": ("as in the preview", "comme dans l’aperçu"),
    "work_size_full": ("fine, laid at full size", "fines, posées en pleine taille"),
    "keep_metadata": ("Keep camera, place and time in the file", "Garder appareil, lieu et date dans le fichier"),
    "mask": ("Paint only parts", "Ne peindre qu’une partie"),
    "mask_hint": (
        "Brush over what shall be painted. Nothing brushed means everything.",
        "Passez le pinceau sur ce qui doit être peint. Sans coup de pinceau, tout est peint.",
    ),
    "mask_canvas": (
        "Brush here: the arrow keys move the brush, the space bar draws, Backspace erases",
        "Peignez ici : les flèches déplacent le pinceau, la barre d’espace peint, Retour arrière efface",
    ),
    "brush": ("Brush", "Pinceau"),
    "eraser": ("Eraser", "Gomme"),
    "brush_size": ("Size", "Taille"),
    "mask_use": ("Where I brush", "Là où je peins"),
    "mask_strength": ("the painting shows, elsewhere the photograph", "la peinture apparaît, ailleurs la photo"),
    "mask_clear": ("Clear", "Tout effacer"),
    "paint_all": ("Paint all of them", "Tout peindre"),
    "results": ("Results", "Résultats"),
    "welcome": (
        "Drop a photograph to begin.",
        "Déposez une photo pour commencer.",
    ),
    "previewed": (
        "Preview in {seconds:.2f} s. Full size follows …",
        "Aperçu en {seconds:.2f} s. La pleine taille suit …",
    ),
    "finished": (
        "**{name}** · {width} × {height} pixels, painted in {seconds:.1f} s",
        "**{name}** · {width} × {height} pixels, peinte en {seconds:.1f} s",
    ),
    "painting_all": ("Painting {n} of {count}: {name}", "Peinture {n} sur {count} : {name}"),
    "painted_all": ("{count} pictures painted.", "{count} photos peintes."),
    "some_failed": (
        "{count} pictures painted; these could not be: {names}",
        "{count} photos peintes ; impossible pour : {names}",
    ),
    "no_photo": ("Drop a photograph first.", "Déposez d’abord une photo."),
}

_PAINT = {
    "paint_intro": (
        "Every brush stroke is searched for anew: minutes instead of a second, but any picture as the style.",
        "Chaque touche est cherchée à neuf : des minutes, pas une seconde, mais n’importe quelle image comme style.",
    ),
    "paint_photo": ("Photograph", "Photo"),
    "paint_styles": ("Style: one picture or several", "Style : une ou plusieurs images"),
    "paint_size": ("Longer side in pixels", "Grand côté en pixels"),
    "iterations": ("Iterations at each size", "Itérations à chaque taille"),
    "style_weight": ("Pull of the style", "Force du style"),
    "content_weight": ("Pull of the photograph", "Force de la photo"),
    "tv_weight": ("Smoothness", "Lissage"),
    "init": ("Start from", "Partir de"),
    "init_content": ("the photograph", "la photo"),
    "init_noise": ("noise", "bruit"),
    "init_gray": ("grey", "gris"),
    "style_loss": ("What defines the style", "Ce qui définit le style"),
    "coarse_style_loss": ("... at the coarse sizes", "... aux petites tailles"),
    "optimizer": ("Optimiser", "Optimiseur"),
    "scales": ("Sizes to paint at (0: chosen)", "Tailles de travail (0 : automatique)"),
    "seed": ("Seed of the noise", "Graine du bruit"),
    "colors_match_before": ("of the style, matched to the photograph first", "du style, d’abord accordées à la photo"),
    "paint_style_scale_info": (
        "The style picture’s longer side in units of the result’s.",
        "Le grand côté de l’image de style, par rapport à celui du résultat.",
    ),
    "paint_start": ("Paint", "Peindre"),
    "stop_keep": ("Stop and keep", "Arrêter et garder"),
    "estimate": (
        "About {time} for {width} × {height} pixels, and {gigabytes:.1f} GB of memory.",
        "Environ {time} pour {width} × {height} pixels, et {gigabytes:.1f} Go de mémoire.",
    ),
    "minutes": ("{minutes} min {seconds:02d} s", "{minutes} min {seconds:02d} s"),
    "seconds": ("{seconds} s", "{seconds} s"),
    "paint_progress": (
        "Iteration {n} of {count} · {width} × {height} · loss {loss:.3f} · about {left} left",
        "Itération {n} sur {count} · {width} × {height} · perte {loss:.3f} · encore {left} environ",
    ),
    "paint_beginning": ("Looking at the style …", "Analyse du style …"),
    "paint_done": (
        "Done: **{name}**. Choose an earlier step below if you like it better.",
        "Terminé : **{name}**. Choisissez une étape précédente ci-dessous si vous la préférez.",
    ),
    "paint_stopped": (
        "Stopped after {n} iterations; this is the picture so far: **{name}**.",
        "Arrêté après {n} itérations ; voici l’image à ce stade : **{name}**.",
    ),
    "steps": ("Steps: choose one as the result", "Étapes : choisissez-en une comme résultat"),
    "step": ("step {n}", "étape {n}"),
    "step_taken": ("The result is step {n}: **{name}**.", "Le résultat est l’étape {n} : **{name}**."),
    "no_paint_style": ("Add a picture whose style you want.", "Ajoutez une image dont vous voulez le style."),
}

_LEARN = {
    "learn_intro": (
        "From a painting to a style that paints in a second. Takes a minute or two and ends by itself.",
        "D’un tableau à un style qui peint en une seconde. Compte une ou deux minutes et s’arrête de lui-même.",
    ),
    "paintings": ("Paintings: one, or several by one artist", "Tableaux : un seul, ou plusieurs d’un même artiste"),
    "style_name": ("Name of the style", "Nom du style"),
    "style_name_info": ("Empty: the picture’s.", "Vide : celui de l’image."),
    "about_painting": ("About the painting", "À propos du tableau"),
    "painting_title": ("Title", "Titre"),
    "artist": ("Artist", "Artiste"),
    "year": ("Year", "Année"),
    "licence": ("Licence", "Licence"),
    "learn_style_scale_info": (
        "1 as in the painting, 2 twice as large.",
        "1 : comme sur le tableau, 2 : deux fois plus.",
    ),
    "learn_style_weight": ("More paint, less photograph", "Plus de peinture, moins de photo"),
    "steps_at_most": ("Steps at most", "Étapes au plus"),
    "check_every": ("Steps between previews", "Étapes entre deux aperçus"),
    "learn_start": ("Learn", "Apprendre"),
    "learn_beginning": (
        "Looking at the painting, and drawing pictures to practise on; this takes half a minute …",
        "Analyse du tableau et dessin d’images d’exercice ; comptez une demi-minute …",
    ),
    "learn_progress": (
        "Step {step} · {seconds:.0f} s · loss {loss}",
        "Étape {step} · {seconds:.0f} s · perte {loss}",
    ),
    "learnt": (
        "**{name}** is learnt. Save it to use it on the other tabs.",
        "**{name}** est appris. Enregistrez-le pour l’utiliser dans les autres onglets.",
    ),
    "learn_stopped": (
        "Stopped. Nothing is kept of a style that is half learnt.",
        "Arrêté. Un style à moitié appris n’est pas gardé.",
    ),
    "save_style": ("Save to my styles", "Enregistrer dans mes styles"),
    "saved": (
        "**{name}** is among your styles now, on every tab and for `--style {name}`.",
        "**{name}** fait maintenant partie de vos styles, dans chaque onglet et pour `--style {name}`.",
    ),
    "download_style": ("Download the style", "Télécharger le style"),
    "loss_curve": ("Loss on photographs that it does not learn from", "Perte sur des photos hors apprentissage"),
    "no_painting": ("Add a painting first.", "Ajoutez d’abord un tableau."),
    "nothing_learnt": ("Learn a style first.", "Apprenez d’abord un style."),
}

PHRASES: dict[str, tuple[str, str]] = {**_SHARED, **_PICTURE, **_PAINT, **_LEARN, **MEDIA}

COMPLAINTS: tuple[tuple[str, str, str], ...] = (
    *MEDIA_COMPLAINTS,
    (
        r"^(.+) cannot be decoded",
        "",
        "{0} ne peut pas être décodé : le fichier est abîmé, tronqué ou inhabituel ; convertissez-le en PNG.",
    ),
    (
        r"has (\d+) x (\d+) pixels, (?:more than )?the limit (?:is|of) ([\d,]+)",
        "",
        "L’image a {0} × {1} pixels, plus que la limite de {2} ; réduisez-la.",
    ),
    (
        r"^The result would have (\d+) million pixels, more than the limit of (\d+)",
        "",
        "Le résultat aurait {0} millions de pixels, plus que la limite de {1} millions ; demandez-le plus petit.",
    ),
    (
        r"neither a picture nor a video",
        "",
        "Ce fichier n’est ni une image ni une vidéo lisible ici ; convertissez-le en PNG ou MP4.",
    ),
    (r"not uploaded, or is removed", "", "Ce fichier n’est plus là ; envoyez-le de nouveau."),
    (r"is black all over", "", "Le masque est vide : peignez là où il doit s’appliquer."),
    (r"^There is no style (.+?)[; ]", "", "Il n’y a pas de style {0} ; choisissez parmi ceux qui sont affichés."),
    (r"^No style is chosen", "", "Choisissez d’abord un style."),
    (r"^(.+) and (.+) cannot be blended", "", "{0} et {1} ne se mélangent pas : leurs réseaux diffèrent."),
    (
        r"^Style weights must be 0 or more",
        "The shares of a blend cannot all be 0; move one slider up.",
        "Les parts d’un mélange ne peuvent pas toutes être nulles ; augmentez-en une.",
    ),
    (
        r"^There is a style (.+) in your catalogue already",
        "There is a style {0} already; give another name.",
        "Il y a déjà un style {0} ; donnez un autre nom.",
    ),
    (
        r"^(.+) is a bundled style",
        "{0} is a bundled style; give another name.",
        "{0} est un style fourni avec Impasto ; donnez un autre nom.",
    ),
    (
        r"^(.+) is the style that changes nothing",
        "{0} is the style that changes nothing; give another name.",
        "{0} est le style qui ne change rien ; donnez un autre nom.",
    ),
    (
        r"^'(.*)' cannot be a style's name",
        "{0} cannot be a style’s name; use letters, digits, - and _.",
        "{0} ne convient pas comme nom de style ; employez lettres, chiffres, - et _.",
    ),
    (r"too little memory", "", "Il n’y a pas assez de mémoire ; prenez une image plus petite."),
    (r"pip install \"impasto\[(\w+)\]\"", "", 'Il manque un paquet facultatif : pip install "impasto[{0}]"'),
    (
        r"This took longer than (\d+) seconds",
        "",
        "Le travail a duré plus de {0} secondes, la limite ici ; prenez plus petit ou plus court.",
    ),
    (r"^The job was stopped", "", "Le travail a été arrêté ; relancez-le."),
)
"""Complaints of the library: a pattern, and how the page says it in English (empty: just so) and in French."""
