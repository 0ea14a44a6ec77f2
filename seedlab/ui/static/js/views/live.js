// The draft of what is being typed. It is in no round, and is not kept.
import { locate } from '../dom.js';
import { classMap, html, nothing, styleMap } from '../lit.js';

export function liveView({ state, picture, words, isStale, width, height, prompt, fraction }, locked) {
  const isDraft = state === 'draft' || state === 'drafting';
  const styles = picture ? { '--ratio': `${width} / ${height}`, '--fraction': String(fraction) } : {};
  return html`<figure class=${classMap({ live: true, stale: isStale, rough: state === 'drafting' })} style=${styleMap(styles)}
    ><img decoding="sync" draggable="false" alt=${picture ? `Draft: ${prompt}` : ''} src=${picture || nothing}
    ><figcaption><strong>${isDraft ? `Draft, ${words}` : words || 'Drafting…'}</strong>${isDraft ? html`<span>Not kept: “Vary ${locked}” makes the picture.</span>` : nothing}</figcaption></figure>`;
}

// Below the prompt, before anything was typed.
export function placeholderView(tile) {
  if (!tile?.url) return nothing;
  return html`<figure class="live" style=${styleMap({ '--ratio': `${tile.width} / ${tile.height}` })}><img decoding="sync" draggable="false" alt="" src=${locate(tile.url)}
    ><figcaption><span>Seed ${tile.seed} is locked. Edit the prompt to see it change.</span></figcaption></figure>`;
}
