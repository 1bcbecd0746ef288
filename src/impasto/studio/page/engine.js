// What the page asks of the program that paints, and the choice of that program.
//
// There are two: `server.js` asks the studio's server, `local/engine.js` paints in the browser itself. Both export one
// function, `open()`, which gives an Engine. The tabs know nothing else of either.

/**
 * @typedef {object} Style  A style to choose.
 * @property {string} name  What a request calls it; unique. Styles of pictures that the visitor gave start with "+".
 * @property {string} title  What the page shows.
 * @property {string} thumbnail  Address of a square picture of the style; "" while there is none.
 * @property {"bundled"|"own"|"picture"} kind  Of the package; of the catalogue; of a picture that the visitor gave.
 * @property {File} [picture]  That picture, unless it was a style file.
 */

/**
 * @typedef {object} OptionFacts  What is known of an option of painting, under the library's name for it.
 * @property {number|string} default
 * @property {number} [low]  Lowest value of its slider.
 * @property {number} [high]
 * @property {number} [step]
 * @property {string[]} [choices]  Words that it takes.
 */

/**
 * @typedef {object} Capabilities  What an engine can do. The page shows nothing else.
 * @property {string[]} tabs  Of "picture", "paint", "video", "live", "learn", "sound", "motion". The others say what they need.
 * @property {Record<string, string>} missing  Command that brings a tab that is not there; "" where nothing does.
 * @property {Record<string, OptionFacts>} options  Options that `paint` takes: of "strength", "style_scale", "grain",
 *   "colors", "size", "work_size".
 * @property {boolean} mask  Whether `paint` takes a mask.
 * @property {boolean} crop  Whether `paint` takes a crop.
 * @property {boolean} metadata  Whether `paint` keeps a photograph's metadata.
 * @property {number} maxPixels  Most pixels of a picture.
 * @property {number} maxUpload  Most bytes of a file.
 * @property {number} maxVideo  Most seconds of video.
 */

/**
 * @typedef {object} Crop  A part of a photograph, cut out before painting. First it is turned, then cut.
 * @property {number} turns  Quarter turns clockwise, 0 to 3.
 * @property {number} angle  Degrees clockwise after that, -15 to 15. The photograph is enlarged until no corner is empty.
 * @property {number} left  Edges of the part as shares of the turned photograph, 0 to 1.
 * @property {number} top
 * @property {number} right
 * @property {number} bottom
 */

/**
 * @typedef {object} Note  A sentence with its values. The page shows the text of the key in the visitor's language;
 *   where there is none, the sentence itself.
 * @property {string} text  The sentence in English.
 * @property {string} [key]  Key of its translation among the `errors` of a language.
 * @property {Record<string, any>} [values]
 */

/**
 * @typedef {object} Progress  How far a job is.
 * @property {number} [waiting]  Jobs that come before this one; only while it waits.
 * @property {number} [share]  Share that is done, 0 to 1.
 * @property {string} [key]  Key among the `texts` of a language of a sentence about it, with its values.
 * @property {Record<string, any>} [values]
 */

/**
 * @typedef {object} PaintRequest
 * @property {File} file  The photograph. The same object asked for again is not sent or decoded again.
 * @property {{name: string, weight: number}[]} styles  At least one.
 * @property {Record<string, number|string>} [options]  Values of `capabilities.options`; others are at their default.
 * @property {Blob|null} [mask]  PNG of any size, white where the painting shows, black where it does not.
 * @property {string} [masked]  Name of the one style of the blend that the mask limits; "" limits the strength.
 * @property {Crop|null} [crop]
 * @property {boolean} [metadata]  Whether the result keeps the photograph's metadata; true if it is not given.
 * @property {boolean} [preview]  Whether a small, quick painting is enough, which looks as the full one from afar.
 * @property {AbortSignal} [signal]  Ends the work; the promise is then rejected with an AbortError.
 * @property {(at: Progress) => void} [progress]
 */

/**
 * @typedef {object} Painting
 * @property {Blob} blob  The file to download.
 * @property {string} name  Its name, made like the command line's: photo-scream.jpg.
 * @property {number} width  Pixels.
 * @property {number} height
 * @property {number} seconds  Time that it took.
 * @property {Blob} before  The photograph in a format and at a size that the page can show.
 * @property {Blob} after  The painting, likewise.
 * @property {Note[]} notes  What could not be kept, for example.
 */

/**
 * @typedef {object} Photograph  A photograph that was opened.
 * @property {string} name
 * @property {number} width  Pixels.
 * @property {number} height
 * @property {Blob} shown  It, in a format and at a size that the page can show.
 */

/**
 * @typedef {object} LiveSession  Paints the pictures of a camera, one at a time.
 * @property {number} side  Longer side in pixels at which a picture is wanted at most.
 * @property {(picture: HTMLCanvasElement, styles: {name: string, weight: number}[], strength: number) =>
 *   Promise<{bitmap: ImageBitmap, size: string}>} paint  Paints one picture; `size` says at how many pixels.
 * @property {() => void} close
 */

/**
 * @typedef {object} Engine
 * @property {"server"|"local"} kind
 * @property {Capabilities} capabilities
 * @property {() => Promise<Style[]>} styles  All styles, those of the visitor first.
 * @property {(file: File, signal?: AbortSignal) => Promise<{style: Style, notes: Note[]}>} addStyle  Makes a style of a picture, as good as can be
 *   had at once, or of a style file that `impasto learn` made. It is among `styles` until the page is closed.
 * @property {(file: File, signal?: AbortSignal) => Promise<Photograph>} open  Decodes a photograph.
 * @property {(file: File, crop: Crop|null, styles: string[], show: (name: string, thumbnail: string) => void,
 *   signal?: AbortSignal) => Promise<void>} thumbnails  Paints a photograph small in styles, by their names; calls `show`
 *   for each as it is painted.
 * @property {(request: PaintRequest) => Promise<Painting>} paint
 * @property {() => LiveSession} live
 * @property {import("./server.js").Server} [server]  What only a server does: the tabs Paint, Video, Learn, Sound and Motion.
 */

/** Whether a file is given as a style file, not as a picture. @param {File} file */
export const isStyleFile = (file) => /\.safetensors$/i.test(file.name);

/** An error that an engine raises on purpose: one sentence that says what is wrong and what to do. */
export class EngineError extends Error {
  /** @param {Note} note */
  constructor(note) {
    super(note.text);
    this.name = "EngineError";
    this.note = note;
  }
}

/**
 * The engine of this page: the server that it came from if that is a studio's, else the browser itself. A page that
 * `impasto export page` wrote says of itself that it has no server.
 * @returns {Promise<Engine>}
 */
export async function openEngine() {
  if (document.documentElement.dataset.engine === "local") return (await import("./local/engine.js")).open();
  const server = await import("./server.js");
  const facts = await server.ask();
  return facts ? server.open(facts) : (await import("./local/engine.js")).open();
}
