# The reference values of the tests of stationary.go and internal/plot:
#
#     Rscript golden.R > golden.json
#
# by R's urca::ur.kpss, forecast's ndiffs and nsdiffs, and stats's acf.
suppressMessages(library(forecast))

lcg <- function(n, seed) { # uniform in [0,1): x' = (16807 x) mod (2^31 - 1)
  x <- numeric(n)
  for (i in seq_len(n)) { seed <- (16807 * seed) %% 2147483647; x[i] <- seed / 2147483647 }
  x
}
noise <- function(n, seed) round(rowSums(matrix(lcg(12 * n, seed), n)) - 6, 3)
ar <- function(e, phi) round(as.numeric(stats::filter(e, phi, "recursive")), 3)
seasonal <- function(n, m, size, seed) # a fixed pattern beside noise of size 1
  round(50 + size * sin(2 * pi * seq_len(n) / m) + noise(n, seed), 3)
holes <- function(y) { y[c(5, 6, 40:47, 90)] <- NA; y }

cases <- list(
  list("AirPassengers", as.numeric(AirPassengers), 12),
  list("log AirPassengers", log(as.numeric(AirPassengers)), 12),
  list("noise", 10 + noise(150, 3), 12),
  list("autoregression", 20 + ar(noise(300, 5), .6), 7),
  list("random walk", 100 + cumsum(noise(250, 9)), 12),
  list("integrated twice", 1000 + cumsum(cumsum(noise(120, 13))), 4),
  list("trend", 30 + seq_len(100) / 10 + noise(100, 17), 5),
  list("trend with steep season", 40 + seq_len(120) / 5 + 6 * ((seq_len(120) %% 6) == 0) + noise(120, 19), 6),
  list("weak season", seasonal(144, 12, 1.7, 23), 12),
  list("strong season", seasonal(144, 12, 2.2, 23), 12),
  list("seasonal walk", 60 + as.numeric(diffinv(matrix(noise(160, 29)), lag = 8)), 8),
  list("short", 5 + noise(9, 31), 4),
  list("with holes", holes(100 + cumsum(noise(250, 37))), 12),
  list("zeros", pmax(round(noise(130, 41), 1), 0), 10),
  list("one step", c(rep(3, 40), rep(8, 40)), 8),
  list("straight line", seq(2, 80, by = 2), 4),
  list("constant", rep(3.7, 60), 12))

kpss <- function(y) {
  y <- c(na.omit(y))
  if (forecast:::is.constant(y)) return(NULL)
  t <- suppressWarnings(urca::ur.kpss(y, "mu", use.lag = trunc(3 * sqrt(length(y)) / 13)))
  t@teststat
}
tests <- lapply(cases, function(case) {
  y <- case[[2]]
  x <- ts(y, frequency = case[[3]])
  na <- anyNA(y)
  list(name = case[[1]], y = y, period = case[[3]],
    kpss_level = kpss(y),
    ndiffs = ndiffs(x), ndiffs_10 = ndiffs(x, alpha = .1, max.d = 3),
    nsdiffs = suppressWarnings(nsdiffs(x)), nsdiffs_2 = suppressWarnings(nsdiffs(x, max.D = 2)),
    strength = if (!na && length(y) > 2 * case[[3]]) suppressWarnings(forecast:::seas.heuristic(x)) else NULL,
    acf = if (sd(y, na.rm = TRUE) > 0) as.numeric(acf(y, lag.max = 14, plot = FALSE, na.action = na.pass)$acf) else NULL)
})
out <- list(tool = paste0(R.version.string, ", forecast ", packageVersion("forecast"),
  ", urca ", packageVersion("urca")), cases = tests)
cat(jsonlite::toJSON(out, auto_unbox = TRUE, digits = I(15), null = "null", na = "null"), "\n", sep = "")
