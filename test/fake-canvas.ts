/** A canvas of `width` x `height` that keeps what was put on it: one hex text a pixel, rows from the top. */
export function fakeCanvas(width: number, height: number) {
  const canvas = { clientWidth: width, clientHeight: height, width: 0, height: 0 };
  const shown: string[] = [];
  const context = {
    canvas,
    createImageData: (w: number, h: number) => ({ data: new Uint8ClampedArray(4 * w * h) }),
    putImageData({ data }: { data: Uint8ClampedArray }) {
      shown.length = 0;
      for (let i = 0; i < data.length; i += 4) shown.push(Buffer.from(data.subarray(i, i + 3)).toString('hex'));
    },
  };
  return { canvas: { ...canvas, getContext: () => context } as unknown as HTMLCanvasElement, shown };
}
