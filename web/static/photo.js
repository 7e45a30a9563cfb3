// Photos in the browser: made smaller, so that a slow network carries them, and shown before they are sent. Where one
// was taken is read before that; what goes out has no hidden data left.

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

// Makes the field for photos do so.
export function enhance(input) {
  if (typeof DataTransfer !== "function" || typeof createImageBitmap !== "function") return;
  const { form } = input;
  const { most, alt, remove } = input.dataset;
  const list = Object.assign(document.createElement("ul"), { className: "previews", hidden: true });
  input.after(list);
  let chosen = [];

  // Where it was taken, for the person to confirm.
  const offer = (point) => {
    const field = form.querySelector("[name=photo_point]");
    if (!field || !point || field.value) return;
    const [lat, lon] = ["lat", "lon"].map((name) => form.elements[name]);
    if (lat && (lat.value || lon.value)) return;
    field.value = `${point[0].toFixed(6)},${point[1].toFixed(6)}`;
    const box = document.getElementById("photo-offer");
    if (!box) return;
    box.querySelector("[data-place]").textContent = field.value.replace(",", ", ");
    box.disabled = false;
    box.hidden = false;
  };

  const put = () => {
    const files = new DataTransfer();
    for (const one of chosen) files.items.add(one.file);
    input.files = files.files;
    list.replaceChildren(...chosen.map((one, n) => {
      const item = document.createElement("li");
      const picture = Object.assign(document.createElement("img"), { src: one.preview, alt: alt.replace("0", n + 1) });
      const button = Object.assign(document.createElement("button"), {
        type: "button", className: "utrecht-button utrecht-button--secondary-action", textContent: remove.replace("0", n + 1),
      });
      button.addEventListener("click", () => {
        chosen = chosen.filter((other) => other !== one);
        put();
        (list.querySelector("button") || input).focus();
      });
      if (one.preview) item.append(picture);
      item.append(button);
      return item;
    }));
    list.hidden = chosen.length === 0;
  };

  input.addEventListener("change", async () => {
    // What was chosen before stays; one more than fits is left to the city, which says so.
    const added = [...input.files].filter((file) => !chosen.some((one) => one.file === file)).slice(0, Number(most) + 1 - chosen.length);
    form.setAttribute("aria-busy", "true");
    for (const file of added) {
      offer(await gps(file).catch(() => null));
      chosen.push({ file: await smaller(file).catch(() => file), preview: await preview(file).catch(() => "") });
    }
    form.removeAttribute("aria-busy");
    put();
  });
  // While they are made smaller nothing is sent.
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy") === "true") event.preventDefault();
  }, { capture: true });
}
