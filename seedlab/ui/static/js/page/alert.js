// Announces that all pictures are done, for those who asked for it: by a sound, and by a notification if the tab is hidden.
import { readStorage, writeStorage } from '../dom.js';

const KEY = 'seedlab-alert';
const LONG = 3000; // milliseconds: nobody leaves for a shorter while
const NOTES = [660, 880]; // hertz

export class Alert {
  constructor() {
    this.isOn = readStorage(KEY) === 'on';
    this.began = null;
  }

  toggle() {
    this.isOn = !this.isOn;
    writeStorage(KEY, this.isOn ? 'on' : '');
    if (!this.isOn) return;
    play();
    if (window.Notification?.permission === 'default') Notification.requestPermission();
  }

  take({ working, status }) {
    if (working) this.began ??= Date.now();
    else if (this.began !== null) {
      const isLong = Date.now() - this.began > LONG;
      this.began = null;
      if (this.isOn && isLong) announce(status);
    }
  }
}

function announce(status) {
  play();
  if (document.hidden && window.Notification?.permission === 'granted') notify(status);
}

function notify(status) {
  try {
    new Notification('SeedLab', { body: status, tag: 'seedlab' });
  } catch {
    // Phones allow it to service workers alone.
  }
}

function play() {
  const audio = new AudioContext();
  NOTES.forEach((pitch, index) => {
    const [start, tone, volume] = [audio.currentTime + index * 0.16, audio.createOscillator(), audio.createGain()];
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.12, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.4);
  });
  setTimeout(() => audio.close(), 1500);
}
