// Part of npm run bench:browser: a quadrant of the Geometry page dragged in circles. How many pictures a second come on the screen
// with the quadrant somewhere else, as the browser's own trace tells, and whether anything keeps the page from answering.
import type { StoredResult } from './bench-results.ts';
import type { ChromiumPage } from './chromium-page.ts';

const SECONDS = 6;
const WARM_UP_MS = 1500;
/** Longer than this the page does not answer, ms. @source W3C Long Tasks */
const LONG_TASK_MS = 50;
const STEP_MS = 1000 / 60;
const RADIUS_PX = 40;

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Time on a processor, us. */
  readonly tdur?: number;
}

/** In the page: notes each frame in which the lifted quadrant or the canvas below it changed. */
const WATCH = `(() => {
  const watch = { frames: 0, moved: 0, longest: 0, last: '', draws: hutchTest.tileDraws() };
  window.dragWatch = watch;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watch.longest = Math.max(watch.longest, duration);
  }).observe({ type: 'longtask' });
  const look = () => {
    watch.frames++;
    const state = (document.querySelector('.lifted')?.style.transform ?? '') + hutchTest.tileDraws();
    if (state !== watch.last) watch.moved++;
    watch.last = state;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()`;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Drags a quadrant of the demo's run and counts. @throws Error if it did not move, or the page was stuck */
export async function benchGeometryDrag(
  page: ChromiumPage,
  address: string,
  [width, height]: readonly [number, number],
): Promise<StoredResult[]> {
  await page.goto(`${address}/geometry?proposal=p700000&run=4&over=one`);
  await page.waitFor("[...document.querySelectorAll('.prov')].some((e) => /geometry v/.test(e.textContent))", 90_000);
  await page.waitFor("document.querySelector('[data-testid=part-Q3]')");
  await page.evaluate("document.querySelector('[data-testid=part-Q3]').click()");
  await page.waitFor("document.querySelector('[data-testid=selected-part]')");
  await sleep(WARM_UP_MS);
  const outline = await page.evaluate<{ x: number; y: number; width: number; height: number }>(
    "document.querySelector('[data-testid=selected-part]').getBoundingClientRect().toJSON()",
  );
  const [x, y] = [outline.x + outline.width * 0.22, outline.y + outline.height * 0.1];
  const mouse = (type: string, atX: number, atY: number) =>
    page.send('Input.dispatchMouseEvent', {
      ...{ type, x: atX, y: atY, button: type === 'mouseMoved' ? 'none' : 'left', clickCount: 1 },
      buttons: type === 'mouseReleased' ? 0 : 1,
    });
  await mouse('mousePressed', x, y);
  await mouse('mouseMoved', x + 6, y);
  await page.evaluate(WATCH);
  const events: TraceEvent[] = [];
  page.on<{ value: TraceEvent[] }>('Tracing.dataCollected', ({ value }) => events.push(...value));
  const complete = new Promise<void>((resolve) => page.on('Tracing.tracingComplete', () => resolve()));
  await page.send('Tracing.start', {
    traceConfig: {
      includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'toplevel'],
    },
  });
  const start = performance.now();
  const before = await page.evaluate<{ moved: number; draws: number }>('({ ...dragWatch })');
  const sent: Promise<unknown>[] = [];
  for (let step = 0; performance.now() - start < SECONDS * 1000; step++) {
    const turn = step / 20;
    sent.push(mouse('mouseMoved', x + 6 + RADIUS_PX * Math.sin(turn), y + RADIUS_PX * (1 - Math.cos(turn))));
    await sleep(Math.max(0, start + (step + 1) * STEP_MS - performance.now()));
  }
  const elapsed = (performance.now() - start) / 1000;
  const after = await page.evaluate<{ moved: number; longest: number; frames: number }>('({ ...dragWatch })');
  await page.send('Tracing.end');
  await complete;
  await Promise.all(sent);
  await mouse('mouseReleased', x, y);
  const shown = events.filter(({ name }) => name === 'DrawFrame').length / elapsed;
  const moved = (after.moved - before.moved) / elapsed;
  if (after.longest > LONG_TASK_MS)
    console.warn(`a task of ${after.longest.toFixed(0)} ms kept the page from answering`);
  // The main thread of the page is the one that sees the pointer. Its time on a processor is the same on a busy machine.
  const sees = events.find(({ name }) => name === 'EventDispatch');
  const cpu = events
    .filter(({ name, pid, tid }) => name.endsWith('RunTask') && pid === sees?.pid && tid === sees.tid)
    .reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0);
  const note = `AGIPD 1M, window ${width} x ${height}, drawn by the CPU; the trace shows ${shown.toFixed(1)} frames/s drawn, longest task ${after.longest.toFixed(0)} ms`;
  return [
    {
      bench: 'browser geometry',
      name: `moving a quadrant, ${width} x ${height}: redraws/s`,
      value: Math.min(shown, moved),
      unit: 'pictures/s',
      note,
      limit: '>= 30',
    },
    {
      bench: 'browser geometry',
      name: `moving a quadrant, ${width} x ${height}: processor time of the page for a redraw`,
      value: cpu / (after.moved - before.moved),
      unit: 'ms',
      note: 'main thread, with the panels and curves that follow',
      limit: '< 33',
    },
  ];
}
