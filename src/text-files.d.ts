/** Files that the bundler puts in as texts (scripts/modules.ts). */
declare module "*.txt" {
  const text: string;
  export default text;
}
