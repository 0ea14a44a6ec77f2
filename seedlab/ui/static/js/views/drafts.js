// The line above the tiles of a round of drafts.
import { html } from '../lit.js';
import { canFinish, LEAST_TO_CHOOSE } from '../state/selection.js';

export const JUDGING = 'It shows composition, light and colours; eyes, hands and letters come later.';

// `page` has the functions differ, select, cancel and finish, which get the round's id.
export function draftsView({ id, drafts, tiles }, { isOn, picked, words }, page) {
  const finishable = [...picked].filter((index) => canFinish(tiles[index]));
  const left = tiles.filter(canFinish).length;
  const drafted = tiles.filter((tile) => tile.state === 'draft').length;
  const advice = words || (isOn ? 'Pick those to finish.' : 'Click one to finish it.');
  return html`<div class="drafts" ?hidden=${!drafts}><p title=${JUDGING}>${left ? `Drafts: stopped after ${drafts}. ${advice}` : 'No drafts are left.'}</p
    >${button('Pick 4 that differ', isOn || drafted < LEAST_TO_CHOOSE, () => page.differ(id))
    }${button('Select', isOn || !left, () => page.select(id))
    }${button('Cancel', !isOn, () => page.cancel(id))
    }${button(isOn ? `Finish ${finishable.length}` : `Finish all ${left}`, !left || (isOn && !finishable.length), () => page.finish(id, isOn ? finishable : null))}</div>`;
}

const button = (words, isHidden, act) => html`<button class="action small" type="button" ?hidden=${isHidden} @click=${act}>${words}</button>`;
