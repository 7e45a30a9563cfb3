// Photos in the browser: where one was taken, a smaller one, and a preview. What goes out has no hidden data left.

const LONGEST = 2048;
const SMALL = 240;

// Where the camera says that it was, as [latitude, longitude] in degrees; null when it says nothing. Reads the GPS
// fields of EXIF (CIPA DC-008) in a JPEG, of which the first 256 KB hold them.
export async function gps(file) {
  const view = new DataView(await file.slice(0, 256 * 1024).arrayBuffer());
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 10 < view.byteLength && view.getUint8(at) === 0xff;) {
    const length = view.getUint16(at + 2);
    if (view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return point(view, at + 10);
    at += 2 + length;
  }
  return null;
}

function point(view, start) {
  const little = view.getUint16(start) === 0x4949;
  const short = (at) => view.getUint16(at, little);
  const long = (at) => view.getUint32(at, little);
  const field = (table, tag) => {
    for (let n = 0; n < short(table); n += 1) {
      const at = table + 2 + 12 * n;
      if (short(at) === tag) return at + 8;
    }
    return 0;
  };
  const offset = field(start + long(start + 4), 0x8825);
  if (!offset) return null;
  const table = start + long(offset);
  const degrees = (tag, side) => {
    const [value, sign] = [field(table, tag), field(table, side)];
    if (!value || !sign) return NaN;
    const at = start + long(value);
    const [whole, minutes, seconds] = [0, 8, 16].map((step) => long(at + step) / long(at + step + 4));
    const letter = String.fromCharCode(view.getUint8(sign));
    return (whole + minutes / 60 + seconds / 3600) * ("SW".includes(letter) ? -1 : 1);
  };
  const found = [degrees(2, 1), degrees(4, 3)];
  const isPlace = Math.abs(found[0]) <= 90 && Math.abs(found[1]) <= 180 && (found[0] !== 0 || found[1] !== 0);
  return isPlace ? found : null;
}

async function drawn(file, longest) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  // What is clear in a PNG would be black in a JPEG.
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas;
}

// The photo with at most 2048 pixels a side; as it was when that is no smaller, or when this browser cannot.
export async function smaller(file) {
  const canvas = await drawn(file, LONGEST);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  if (!blob || blob.size >= file.size) return file;
  return new File([blob], file.name.replace(/\.[^.]*$/, "") + ".jpg", { type: "image/jpeg", lastModified: file.lastModified });
}

// A little picture as an address that needs no leave to be shown.
export async function preview(file) {
  return (await drawn(file, SMALL)).toDataURL("image/jpeg", 0.7);
}
