// Runs before `npm start` and `npm test`. Plain JavaScript, so that an old Node can read it and say what is wrong: the
// scripts are TypeScript, which Node runs by itself from 22.18 on. `npm ci` brings such a Node along (the package
// `node`), and npm puts it first on the PATH.

const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `This is Node ${process.versions.node}, and xmpproxy's tools need 22.18 or newer.\n` +
      "Run `npm ci` first: it installs one inside this project. If you did, and npm is told to skip install scripts\n" +
      "(ignore-scripts), allow them or install a newer Node.\n",
  );
  process.exit(1);
}
