/** A row of the model that is served, typed by no generator. */
export const row = {
  cylinders: 8,
  displacement: 307,
  horsepower: null,
  weight: 3504,
  acceleration: 12,
  model_year: 70,
  origin: 1,
};
/** The same in the order of the features. */
export const values = [8, 307, null, 3504, 12, 70, 1];

/** Ends the program unless the two rows were predicted alike. */
export function check(predictions: readonly (readonly number[])[] | undefined): void {
  const [a, b] = predictions ?? [];
  if (a?.length !== 1 || a[0] !== b?.[0] || !(a[0]! > 5 && a[0]! < 50))
    throw new Error(`predicted ${JSON.stringify(predictions)}`);
}
