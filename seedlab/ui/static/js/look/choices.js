// What the button in the large view says, which does what a click on the tile does.
export const CHOICES = { done: 'Lock this seed', draft: 'Finish this picture', failed: 'Try again', stopped: 'Resume' };
