// How two pictures differ, pixel by pixel. Both are arrays of the same size with four values a pixel: red, green, blue, alpha.

// Writes the differences, `gain` times as large, into a third picture.
export function amplify(one, other, gain, into) {
  for (let index = 0; index < one.length; index += 4) {
    for (let channel = index; channel < index + 3; channel += 1) into[channel] = Math.min(255, Math.abs(one[channel] - other[channel]) * gain);
    into[index + 3] = 255;
  }
}

// Returns which part of the pixels differs, 0...1, and the largest difference, 0...255.
export function measure(one, other) {
  let [count, most] = [0, 0];
  for (let index = 0; index < one.length; index += 4) {
    let largest = 0;
    for (let channel = index; channel < index + 3; channel += 1) largest = Math.max(largest, Math.abs(one[channel] - other[channel]));
    if (largest) count += 1;
    if (largest > most) most = largest;
  }
  return { part: count / (one.length / 4), most };
}

export function describe({ part, most }) {
  if (!most) return 'Both pictures have the same pixels.';
  return `${describePart(part)} differ, by ${most} of 255 at most.`;
}

function describePart(part) {
  if (part === 1) return 'All pixels';
  if (part >= 0.995) return 'Almost all pixels';
  return part < 0.01 ? 'Fewer than 1 % of the pixels' : `${Math.round(part * 100)} % of the pixels`;
}
