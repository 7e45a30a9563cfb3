// A line to the hub that can be cut and mended, as that of a telephone in a tunnel.

import { connect, createServer } from "node:net";

export class Line {
  static async open(base) {
    const line = new Line();
    const { hostname, port } = new URL(base);
    line.ends = new Set();
    // Bytes that came down it.
    line.came = 0;
    line.isCut = false;
    line.server = createServer((near) => {
      if (line.isCut) return near.destroy();
      const far = connect(Number(port), hostname);
      for (const [one, other] of [[near, far], [far, near]]) {
        line.ends.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => { line.ends.delete(one); other.destroy(); });
      }
      far.on("data", (bytes) => { line.came += bytes.length; });
      near.pipe(far).pipe(near);
      return undefined;
    });
    await new Promise((open) => line.server.listen(0, "127.0.0.1", open));
    line.base = `http://127.0.0.1:${line.server.address().port}`;
    return line;
  }

  cut() {
    this.isCut = true;
    for (const end of this.ends) end.destroy();
  }

  mend() {
    this.isCut = false;
  }

  close() {
    this.cut();
    this.server.close();
  }
}
