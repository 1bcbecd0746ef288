"""The cases of the command line: each is one or several commands, which run in a folder with the inputs.

``< FILE`` and ``> FILE`` are as in a shell, ``^C FILE`` sends Ctrl-C once FILE is there, and ``NAME=`` before a command
sets a variable of its environment, here to nothing.
"""

# Parts of command lines that several cases share.
HELP = """apply, paint, video, webcam, learn, train, distill, dataset, dataset pack, dataset info, flow, flow compute,
    flow consistency, styles, styles list, styles show, styles preview, styles add, styles remove, studio, doctor"""
PAINT = "paint small.png --style painting.png"
FEW = "--iterations 2 --scales 1 --size 64"
PASS = "--method paint --style painting.png --size 48 --end 0.4 --first-iterations 2 --iterations 1"
LEARN = "learn painting.png --steps 2 --check-every 1 --crop 64 --photos photos"
TRAIN = "train painting.png --photos photos --steps 2 --batch 1 --crop 64 --style-size 64 --from bundled -o run"
DISTILL = "distill --teacher teacher.safetensors --batch 1 --crop 64 -o s.safetensors"
BLEND = "apply photo.jpg --style scream:2 --style udnie:1"
# Name of a case to its command lines, which follow ``impasto``.
COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("--help", "--version", *(f"{' '.join(name.split())} --help" for name in HELP.split(","))),
    "doctor": ("doctor", "doctor --json", "IMPASTO_CACHE= IMPASTO_OFFLINE= doctor --json"),
    "apply-jpeg": ("apply photo.jpg --style starry-night -o out.jpg --timing",),
    "apply-beside": (BLEND, BLEND, f"{BLEND} --overwrite --quiet", f"-v {BLEND} -o out.png"),
    "apply-kinds": ("apply kinds --style scream -o out",),
    **{f"apply-to-{name}": (f"apply kinds --style udnie --strength 0.8 --format {name} -o out",)
       for name in ("jpg", "png", "webp", "tiff", "avif", "ppm")},
    "apply-strip": ("apply kinds/camera.jpg --style scream --strip --quality 60 -o out.jpg",
                    "apply kinds/camera.jpg --style scream --format webp -o named"),
    "apply-blend": ("apply small.png --style scream:2 --style udnie:1 --style great-wave:0.5 -o out.png",),
    "apply-strength": ("apply small.png --style scream --strength 0 -o 0.png",
                       "apply small.png --style scream --strength 0.6 -o 6.png"),
    "apply-colors": ("apply small.png --style tahiti --colors content -o content.png",
                     "apply small.png --style tahiti --colors match -o match.png"),
    "apply-strokes": ("apply photo.jpg --style houses --style-scale 0.5 -o fine.png",
                      "apply photo.jpg --style houses --style-scale 2 --device cpu -o broad.png",
                      "apply photo.jpg --style houses --work-size 96 -o refined.png"),
    "apply-grain": ("apply small.png --style houses --grain 0 -o 0.png", "apply small.png --style houses --grain 2.5"),
    "apply-size": ("apply small.png --style scream --size 50 -o 50.png",
                   "apply small.png --style scream --size 200 -o 200.png"),
    "apply-mask": ("apply small.png --style scream --mask mask.png -o one.png",
                   "apply small.png --style scream --style udnie --mask scream=mask.png -o two.png",
                   "apply small.png --style scream --style udnie --mask udnie=mask.png --mask soft.png -o both.png"),
    "apply-tiles-png": ("apply large.png --style mosaic --max-memory 256M -o out.png --json",),
    "apply-tiles-tiff": ("apply large.tif --style mosaic --max-memory 256M --colors match -o out.tif",),
    "apply-tiles-jpeg": ("apply large.png --style udnie --max-memory 600M --work-size 512 -o out.jpg",),
    "apply-folder": ("apply holiday --style houses -o out", "apply holiday --style houses -o out",
                     "apply holiday --style houses -o out --overwrite --json", "apply holiday --style udnie --timing"),
    "apply-pattern": ("apply frames/f_*.png small.png --style houses -o out --json",),
    "apply-broken": ("apply broken --style scream -o out", "apply broken --style scream -o out --json"),
    "apply-pipes": ("apply - --style scream < photo.jpg > a.jpg",
                    "apply - --style scream --format png --json < photo.jpg > b.png",
                    "apply photo.jpg --style scream -o - --timing > c.jpg",
                    "apply - --style scream -o d.webp < small.png", "apply - --style scream < broken/text.jpg"),
    "apply-watch": ("apply --watch one --style scream -o out ^C out/small.png",),
    "apply-errors": (
        "apply none.jpg --style scream", "apply small.png --style scraem", "apply small.png", "aply small.png",
        "apply small.png --style scream -o out.docx", "apply small.png --style scream --strength 2",
        "apply small.png --style scream --colors greyish", "apply small.png --style scream --mask wide.png",
        "apply small.png --style scream --mask wave=mask.png", "apply broken/cut.jpg --style scream",
        "apply small.png --style scream --max-memory lots", "apply small.png --style scream --device cuda",
        "apply empty --style scream -o out", "apply *.bmp --style scream", "apply small.png --style scream:0",
        "apply small.png --style scream -o small.png", "apply small.png --style scream --max-pixels 100",
        "apply small.png --style scream --no-such-option", "apply small.png --style teacher.safetensors",
        "apply - photo.jpg --style scream", "apply --style scream --watch one", "apply photo.jpg --style none.jpg",
    ),
    "styles": ("styles list", "styles list --json", "styles show scream", "styles show great-wave --json",
               "styles preview small.png --tile 40 -o sheet.png", "styles preview small.png --tile 32 --strength 0.7",
               "styles preview small.png --tile 32", "styles show scraem", "styles remove scream", "styles add x.sft"),
    "learn": (f"{LEARN} -o mine.safetensors --title Waves --artist Me --year 1889", f"{LEARN} -o mine.safetensors",
              "apply small.png --style mine.safetensors --style scream -o out.png",
              "styles add mine.safetensors", "styles add mine.safetensors --name mine",
              "styles add mine.safetensors --name other", "styles list", "styles show mine --json",
              "apply small.png --style mine:2 --style scream -o named.png", "IMPASTO_STYLES= styles list --json",
              "IMPASTO_STYLES= styles add mine.safetensors --name xdg -q", "styles remove mine", "styles show mine"),
    "learn-several": (f"{LEARN}.zip small.png -o two.safetensors --style-scale 2 --style-weight 9 --seed 3 --json",),
    "learn-drawn": ("learn painting.png --name waves --steps 1 --check-every 1 --crop 64 -q",),
    "learn-deep": (f"{LEARN} --crop 320 -o deep.safetensors --deep --minutes 0.01",  # a step takes longer: it is one
                   "apply small.png --style deep.safetensors --strength 0.5 -o out.png",
                   "apply small.png --style deep.safetensors --style scream", "styles show deep.safetensors"),
    "train": (TRAIN, TRAIN, "apply small.png --style run/painting.safetensors -o out.png"),
    "train-settings": ("train mine.toml --photos photos.zip --paintings . -o run",
                       "train mine.toml --photos photos.zip --paintings . -o run --resume --steps 2 -q"),
    "train-errors": ("train painting.png --photos none -o run", "train none.png --photos photos -o run",
                     "train painting.png --photos photos -o run --crop -1", "train wrong.toml --photos photos -o run",
                     "train painting.png -o run", "learn none.png", "learn painting.png -o mine.png",
                     "learn painting.png --minutes 3", "learn painting.png --steps 0", "learn small.png --device mps",
                     "learn painting.png --features vgg19", "distill --photos photos -o out.safetensors"),
    "distill": (f"{DISTILL} --photos photos --steps 2", f"{DISTILL} --photos photos --steps 3 --resume -q",
                f"{PAINT} -o o.png --features s.safetensors {FEW}"),
    "distill-from": (f"{DISTILL} --photos photos.zip --steps 1",
                     "distill --teacher teacher.safetensors --from s.safetensors --batch 1 --crop 64 -o t.safetensors "
                     "--photos photos.zip --steps 1"),
    "dataset": ("dataset pack --train photos --val holiday --size 64 -o p.h5 --workers 1",
                "dataset pack --train photos --val holiday --size 64 -o p.h5", "dataset info p.h5",
                "dataset info p.h5 --json", "dataset pack --train photos.zip --limit 3 -o q.h5 -q",
                f"{LEARN} --photos p.h5 -o mine.safetensors -q", "dataset info small.png", "dataset info none.h5",
                "dataset pack --train none -o r.h5", "dataset pack --train empty -o r.h5"),
    "flow": ("flow compute frames/f_%04d.png -o flow --json", "flow compute clip.mp4 -o other --step 3 --size 64",
             "flow compute clip.mp4 -o deep --step 6 --method deepflow --variant fast-artistic-videos -q",
             "flow consistency flow/forward_3_4.flo flow/backward_4_3.flo -o map.pgm",
             "flow consistency flow/forward_3_4.flo flow/backward_4_3.flo -o map2.pgm --variant fast-artistic-videos "
             "--frame frames/f_0003.png", "flow consistency flow/forward_3_4.flo small.png -o map3.pgm",
             "flow compute frames/f_%04d.png -o flow --step 99",
             "video frames/f_%04d.png --style scream --flow-pattern flow/backward_[%d]_{%d}.flo "
             "--certainty-pattern flow/reliable_[%d]_{%d}.pgm -o out_%04d.png"),
    "paint": (f"{PAINT} -o out.png --print-every 1 --log log.jsonl --no-state {FEW}",
              "paint photo.jpg --style painting.png --iterations 1 --size 100"),
    "paint-scales": ("paint photo.jpg --style painting.png -o out.jpg --optimizer adam --iterations 2 --scales 2 "
                     "--coarse-style-loss covariance --style-loss wasserstein --save-every 1 --steps-strip --json -q",),
    "paint-options": (
        f"{PAINT}:2 --style other.png -o out.png --mask painting=mask.png --style-scale 0.5 --pooling average --seed 3 "
        "--tv-weight 1 --init noise --optimizer adam --average 0 --learning-rate 0.1 --max-memory 2G --colors match "
        "--normalize-gradients --style-loss mean --loss smooth-l1 --stop-tolerance 0.001 --dream relu3_1:0.1 -q "
        f"--content-layers relu3_1,relu4_1:2 --style-layers relu1_1:1,relu4_1:2 {FEW}",),
    "paint-colors": (f"paint kinds/rgba.png --style painting.png -o a.png --colors match-before --init gray {FEW}",
                     f"paint kinds/rgb16.png --style painting.png -o b.png --colors content --init other.png {FEW}"),
    "paint-sweep": (f"{PAINT} -o out.png --sweep content-weight=1,20 {FEW}",),
    "paint-resume": (f"{PAINT} -o out.png --log log.jsonl {FEW}", f"{PAINT} -o out.png --log log.jsonl --resume {FEW}",
                     f"paint small.png --style other.png -o out.png --style-weight 9 --resume --no-state {FEW}"),
    "paint-pipes": (f"paint - --style painting.png --json {FEW} < photo.jpg > out.jpg",),
    "paint-errors": ("paint small.png", "paint small.png --style scream", f"{PAINT}:no", f"{PAINT} -o small.png",
                     "paint none.png --style painting.png", f"{PAINT} --style-layers relu1_11",
                     f"{PAINT} --mask mask.png",
                     "paint - --style painting.png < empty.png", f"{PAINT} --iterations -1 --features vgg19",
                     f"{PAINT} --resume", f"{PAINT} --sweep nothing=1,2"),
    "video-light": ("video clip.mp4 --style starry-night -o out.mp4 --timing", "video clip.mp4 --style scream --json",
                    "video clip.mp4 --style scream"),
    "video-off": ("video clip.mp4 --style scream --stabilize off --grain 0.5 --size 64 -o out.mkv",),
    "video-flow": ("video clip.mp4 --style scream --stabilize flow --flow-method deepflow --end 0.5 -o out.mp4",),
    "video-fading": ("video clip.mp4 --style-at 0=starry-night --style-at 0.6=scream:2 --colors content -o out.mp4",),
    "video-blend": ("video clip.mp4 --style scream:2 --style udnie --strength 0.7 --start 0.25 --end 0:00.8 -o o.mov",),
    "video-codecs": ("video clip.mp4 --style scream --codec ffv1 --size 64 --end 0.3 -o out.mkv",
                     "video clip.mp4 --style scream --size 64 --end 0.3 --quality 30 -o out.webm",
                     "video clip.mp4 --style scream --codec h265 --size 64 --end 0.3 -o out.mp4"),
    "video-gif": ("video clip.mp4 --style scream --fps 4 -o out.gif", "video moving.gif --style udnie -o other.gif",
                  "video moving.gif --style udnie"),
    "video-pictures": ("video frames/f_%04d.png --fps 6 --style houses -o out_%04d.jpg --quality 80",
                       "video frames/f_%04d.png --fps 6 --start-number 4 --style houses -o out.mp4",
                       "video frames/f_%04d.png --style houses --style-scale 2 --work-size 64 --end 0.1 -o out.webm"),
    "video-masks": ("video clip.mp4 --style scream --mask masks/m_%04d.png -o out.mp4",
                    "video clip.mp4 --style scream --style udnie --mask udnie=mask.png --end 0.4 -o out_%02d.png"),
    "video-cut": ("video cut.mp4 --style scream -o out.mp4",),
    "video-paint": (f"video clip.mp4 {PASS} -o out_%02d.png", f"video clip.mp4 {PASS} --offsets 1,2 -o out.mp4 -q "
                    "--combine normalize --criterion smooth-l1 --recipe style_weight=9 --recipe optimizer=adam"),
    "video-passes": (f"video clip.mp4 {PASS} --passes 2 --init image --blend 0.5 --blend-other 0.2 --temporal-after 1 "
                     "-o out.mkv --json",),
    "video-errors": ("video none.mp4 --style scream", "video clip.mp4", "video clip.mp4 --style scream -o out.avi",
                     "video clip.mp4 --style scream --start 9 -o out.mp4", "video broken/text.jpg --style scream",
                     "video clip.mp4 --style scream --iterations 3", "video clip.mp4 --style scream --start soon",
                     "video clip.mp4 --style-at soon=scream", "video clip.mp4 --style scream --mask wide.png -o o.mp4",
                     "video clip.mp4 --style scream --method paint -o out.mp4", "video clip.mp4 --style scraem",
                     "video clip.mp4 --style scream --stabilize off --flow-method deepflow -o out.mp4",
                     "video frames/g_%04d.png --style scream", "video clip.mp4 --style scream -o clip.mp4",
                     "video clip.mp4 --style scream --codec vp9 -o out.gif"),
    "webcam": ("webcam --style scream --style udnie+tahiti --camera one --no-window --frames 3 --fps 0 --side-by-side "
               "--record live.mkv", "webcam --style scream --camera clip.mp4 --no-window --frames 2 --fps 0 -q",
               "webcam --style scream --camera empty --no-window", "webcam --style scraem --camera one --no-window",
               "webcam --style scream --camera one --no-window --record live.gif"),
    "studio-errors": ("studio --host 0.0.0.0 --no-browser --port 0", "studio --tls-cert none.pem --no-browser --port 0",
                      "studio --port 99999", "studio --max-upload much"),
}  # fmt: skip
