// Prints what stable-diffusion-image-metadata reads from each PNG file, as a JSON array.
import { extract, parse } from "stable-diffusion-image-metadata";

console.info = console.warn = () => {}; // it logs to stdout
const read = async (file) => parse((await extract(file))[0]);
process.stdout.write(JSON.stringify(await Promise.all(process.argv.slice(2).map(read))));
