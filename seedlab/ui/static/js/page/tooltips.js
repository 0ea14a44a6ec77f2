// What the controls of the panel do. Gradio's components have no tooltips of their own, and are mounted at any time.
const TITLES = {
  prompt: 'What the pictures show. With a seed locked, an edited prompt makes a variation (Enter)',
  stop: 'Stop all work within a step. What is finished stays',
  live: 'While you type, a draft shows what the locked picture becomes. It is not kept',
  anew: 'Generate the prompt with the seeds below, apart from the locked picture',
  fold: 'Show or hide the other fields',
  seeds: 'One picture per seed: 0-3, or 7, 42, 100-103, or random 4',
  drafting: 'Make the first steps only, to look at many seeds quickly',
  draft_steps: 'After how many steps a draft stops; empty for the model’s own number',
  rule: 'How a click on a picture, and “Vary seed”, vary it',
  try_suffixes: 'Make drafts with and without each suffix, and compare them',
  model_id: 'The diffusion model: from the list, a Hub id, or a path',
  measure: 'Make drafts of several seeds and prompts, and measure what the seed decides',
  lexicon: 'All words that this model was trained on',
  advanced: 'Negative prompt, steps, guidance, scheduler, size, noise, seed variety and LoRAs',
  negative_prompt: 'What the pictures should not show',
  num_inference_steps: 'Denoising steps: more take longer; empty for the model’s own number',
  guidance_scale: 'How closely the prompt is followed; empty for the model’s own value',
  scheduler: 'The sampler of the denoising steps',
  width: 'In pixels. With a seed locked, another size changes the composition',
  height: 'In pixels. With a seed locked, another size changes the composition',
  generator_device: 'Where the initial noise is drawn',
  loras: 'LoRA files that are added to the model, one per line, each followed by its weight',
  open: 'Open a picture of SeedLab or another tool, with its settings',
};
const GENERATE = 'Generate one picture per seed (Enter)';
const VARY = 'Make variations of the locked picture: by what you edited, or as chosen below. Esc unlocks it';
const TRY = 'Generate this prompt';

export function addTooltips(panel) {
  for (const kind of ['pointerover', 'focusin']) panel.addEventListener(kind, ({ target }) => name(target.closest('button, [id]'), panel));
}

function name(element, panel) {
  for (let each = element; each && each !== panel; each = each.parentElement) {
    const title = find(each);
    if (title) {
      if (each.title !== title) each.title = title;
      return;
    }
  }
}

function find(element) {
  if (element.id === 'generate') return document.documentElement.hasAttribute('data-locked') ? VARY : GENERATE;
  if (element.classList.contains('chip')) return TRY;
  return Object.hasOwn(TITLES, element.id) ? TITLES[element.id] : '';
}
