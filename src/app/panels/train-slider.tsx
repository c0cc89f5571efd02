import { numberText } from '../number-text.ts';
import { chosenTrain, trainChange, useRunView } from '../run-view.ts';
import { trainIdAt, trainIndexOf } from '../train-ranges.ts';
import { Slider } from './slider.tsx';

/** Chooses one train of the run, for all panels. */
export function TrainSlider({ name }: { readonly name: string }) {
  const view = useRunView();
  const { info, set } = view;
  const trainId = chosenTrain(view);
  return (
    <div className="sliders">
      <Slider
        label="Train"
        name={name}
        value={Math.max(0, trainIndexOf(info.trainRanges, trainId))}
        count={info.trains}
        words={numberText(trainId)}
        onChange={(index) => set(trainChange(view, trainIdAt(info.trainRanges, index) ?? trainId))}
      />
    </div>
  );
}
