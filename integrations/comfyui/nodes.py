"""The nodes, in ComfyUI's V3 schema: inputs and outputs only; :mod:`.painting` does the work."""

from __future__ import annotations

from typing import Any

from comfy_api.v0_0_2 import ComfyExtension, io

from . import painting

_CATEGORY = "image/Impasto"
StyleSocket = io.Custom("IMPASTO_STYLE")


def _progress(total: int) -> painting.Step:
    """A bar under the node; ComfyUI also stops a node by it."""
    from comfy.utils import ProgressBar

    bar = ProgressBar(total)
    return lambda: bar.update(1)


def _painting_inputs() -> list[Any]:
    """What Stylise and Video have in common."""
    return [
        io.Image.Input("image"),
        StyleSocket.Input("style"),
        io.Float.Input("strength", default=1.0, min=0.0, max=1.0, step=0.05, tooltip="0 is the picture itself."),
        io.Combo.Input(
            "colors",
            options=["style", "content", "match"],
            default="style",
            tooltip="The style's colours; the picture's; or the style's, shifted to the picture's range of colours.",
        ),
        io.Float.Input(
            "style_scale", default=1.0, min=0.25, max=32.0, step=0.05, tooltip="2: strokes are twice as large."
        ),
        io.Mask.Input("mask", optional=True, tooltip="Where to paint: white is fully."),
    ]


class LoadStyle(io.ComfyNode):
    """A style by its name or from a file."""

    @classmethod
    def define_schema(cls) -> Any:
        """See ComfyUI."""
        return io.Schema(
            node_id="ImpastoLoadStyle",
            display_name="Load style (Impasto)",
            category=_CATEGORY,
            description="A bundled style, or one from a file: made by impasto learn, or another program's network.",
            inputs=[
                io.Combo.Input("name", options=painting.bundled_styles()),
                io.String.Input("file", default="", optional=True, tooltip="A style file; it goes before the name."),
            ],
            outputs=[StyleSocket.Output(display_name="style")],
        )

    @classmethod
    def fingerprint_inputs(cls, name: str, file: str = "") -> Any:
        """Load again when the file changes."""
        return name, file, painting.fingerprint(file)

    @classmethod
    def execute(cls, name: str, file: str = "") -> Any:
        """See :func:`.painting.load`."""
        return io.NodeOutput(painting.load(name, file))


class Blend(io.ComfyNode):
    """Two styles as one."""

    @classmethod
    def define_schema(cls) -> Any:
        """See ComfyUI."""
        return io.Schema(
            node_id="ImpastoBlend",
            display_name="Blend styles (Impasto)",
            category=_CATEGORY,
            description="Two styles as one; put several of these one after the other for more.",
            inputs=[
                StyleSocket.Input("first"),
                StyleSocket.Input("second"),
                io.Float.Input("share", default=0.5, min=0.0, max=1.0, step=0.05, tooltip="Of the second style."),
            ],
            outputs=[StyleSocket.Output(display_name="style")],
        )

    @classmethod
    def execute(cls, first: painting.Blend, second: painting.Blend, share: float) -> Any:
        """See :func:`.painting.blend`."""
        return io.NodeOutput(painting.blend(first, second, share))


class Learn(io.ComfyNode):
    """A style from pictures."""

    @classmethod
    def define_schema(cls) -> Any:
        """See ComfyUI."""
        return io.Schema(
            node_id="ImpastoLearn",
            display_name="Learn style (Impasto)",
            category=_CATEGORY,
            description="One style from all pictures of the batch.",
            inputs=[
                io.Image.Input("image"),
                io.Combo.Input(
                    "effort",
                    options=["quick", "draft", "full"],
                    default="quick",
                    tooltip="At once; in seconds; in a minute. The last two need impasto[train].",
                ),
                io.String.Input("name", default="learnt"),
                io.String.Input("file", default="", optional=True, tooltip="A file to keep it in, .safetensors."),
            ],
            outputs=[StyleSocket.Output(display_name="style")],
        )

    @classmethod
    def execute(cls, image: Any, effort: str, name: str, file: str = "") -> Any:
        """See :func:`.painting.learn`."""
        return io.NodeOutput(painting.learn(image, effort, name, file))


class Stylise(io.ComfyNode):
    """Pictures, each for itself."""

    @classmethod
    def define_schema(cls) -> Any:
        """See ComfyUI."""
        return io.Schema(
            node_id="ImpastoStylise",
            display_name="Stylise (Impasto)",
            category=_CATEGORY,
            description="Paints each picture of the batch for itself.",
            inputs=_painting_inputs(),
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, image: Any, style: painting.Blend, **options: Any) -> Any:
        """See :func:`.painting.stylise`."""
        return io.NodeOutput(painting.stylise(image, style, **options, step=_progress(len(image))))


class Video(io.ComfyNode):
    """The frames of a video."""

    @classmethod
    def define_schema(cls) -> Any:
        """See ComfyUI."""
        return io.Schema(
            node_id="ImpastoVideo",
            display_name="Stylise video (Impasto)",
            category=_CATEGORY,
            description="Paints the batch as frames of a video: colours and contrast keep steady until a new scene.",
            inputs=[
                *_painting_inputs(),
                io.Float.Input(
                    "fresh", default=0.2, min=0.0, max=1.0, step=0.05, tooltip="Less is steadier; 1: each for itself."
                ),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, image: Any, style: painting.Blend, **options: Any) -> Any:
        """See :func:`.painting.paint_video`."""
        return io.NodeOutput(painting.paint_video(image, style, **options, step=_progress(len(image))))


class Impasto(ComfyExtension):
    """All nodes."""

    async def get_node_list(self) -> list[type]:
        """See ComfyUI."""
        return [Stylise, Video, LoadStyle, Blend, Learn]


async def comfy_entrypoint() -> Impasto:
    """What ComfyUI calls."""
    return Impasto()
