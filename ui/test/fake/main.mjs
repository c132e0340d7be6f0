// Starts the stand-in for the lab, to work on the page without one: npm run fake

import { start } from "./lab.mjs";

const fake = await start({ port: Number(process.env.PORT ?? 7117) });
console.log(fake.url);
