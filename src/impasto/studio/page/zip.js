// Several files as one ZIP file. They are stored as they are, since pictures are compressed already.

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

/** The checksum (CRC-32) of bytes. @param {Uint8Array} bytes */
export function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/**
 * @param {{name: string, blob: Blob}[]} files  Names that come twice get a number.
 * @returns {Promise<Blob>}
 */
export async function zip(files) {
  const taken = new Set();
  /** @type {BlobPart[]} */
  const parts = [];
  /** @type {BlobPart[]} */
  const directory = [];
  let offset = 0, directorySize = 0;
  for (const { name, blob } of files) {
    const encoded = new TextEncoder().encode(unique(name, taken));
    const sum = checksum(new Uint8Array(await blob.arrayBuffer()));
    // Both headers share these fields: version, flags (names are UTF-8), stored, time, date, checksum, sizes, length of name.
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true);
    common.setUint16(2, 0x0800, true);
    common.setUint16(6, 0, true);
    common.setUint16(8, 0x21, true); // 1 January 1980: the results' own times are of no interest
    common.setUint32(10, sum, true);
    common.setUint32(14, blob.size, true);
    common.setUint32(18, blob.size, true);
    common.setUint16(22, encoded.length, true);
    const local = number(0x04034b50), central = number(0x02014b50);
    const rest = new DataView(new ArrayBuffer(14));
    rest.setUint32(10, offset, true);
    parts.push(local, common.buffer, encoded, blob);
    directory.push(central, new Uint8Array([20, 0]), common.buffer, rest.buffer, encoded);
    offset += 30 + encoded.length + blob.size;
    directorySize += 46 + encoded.length;
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, directorySize, true);
  end.setUint32(16, offset, true);
  return new Blob([...parts, ...directory, end.buffer], { type: "application/zip" });
}

/** Four bytes of a number. @param {number} value */
function number(value) {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return view.buffer;
}

/** A name that is not taken yet. @param {string} name @param {Set<string>} taken */
function unique(name, taken) {
  const dot = name.lastIndexOf("."), stem = dot > 0 ? name.slice(0, dot) : name, suffix = dot > 0 ? name.slice(dot) : "";
  let found = name;
  for (let n = 2; taken.has(found); n++) found = `${stem}-${n}${suffix}`;
  taken.add(found);
  return found;
}
