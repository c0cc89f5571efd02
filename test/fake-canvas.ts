/** A canvas of `width` x `height` that keeps what was put on it: one hex text a pixel, rows from the top. */
export function fakeCanvas(width: number, height: number) {
  const canvas = { clientWidth: width, clientHeight: height, width: 0, height: 0 };
  const shown: string[] = [];
  const context = {
    canvas,
    createImageData: (w: number, h: number) => ({ data: new Uint8ClampedArray(4 * w * h) }),
    putImageData({ data }: { data: Uint8ClampedArray }, _x: number, _y: number, ...area: number[]) {
      const [left = 0, top = 0, wide = width, high = height] = area;
      for (let y = top; y < top + high; y++)
        for (let x = left; x < left + wide; x++) {
          const i = 4 * (y * width + x);
          shown[y * width + x] = Buffer.from(data.subarray(i, i + 3)).toString('hex');
        }
    },
  };
  return { canvas: { ...canvas, getContext: () => context } as unknown as HTMLCanvasElement, shown };
}
