# R's forecast, refitted each day of the test part and moved on to each origin
# with the fitted parameters.
#
#   Rscript classical.R FOLDER MODEL...
#
# A model is ets, arima or stl (stlm by day, the rest by ets), in cells of
# five minutes; each sees 2,016 of them, a week.
spent <- function() { p <- proc.time(); sum(p[1:2]) + sum(p[4:5], na.rm = TRUE) }
began <- spent()
suppressMessages(library(forecast))
imported <- spent() - began
args <- commandArgs(trailingOnly = TRUE)
folder <- args[1]
window <- 2016
steps <- c(1, 3, 6)

fitters <- list(
  ets = list(fit = function(y) ets(y), move = function(y, m) ets(y, model = m, use.initial.values = FALSE), season = 1),
  arima = list(fit = function(y) auto.arima(y), move = function(y, m) Arima(y, model = m), season = 1),
  stl = list(fit = function(y) stlm(y, s.window = 7, robust = TRUE, method = "ets"),
             move = function(y, m) stlm(y, s.window = 7, robust = TRUE, model = m), season = 288))

index <- read.csv(file.path(folder, "index.csv"), stringsAsFactors = FALSE)
origins <- read.csv(file.path(folder, "origins.csv"))
for (name in args[-1]) {
  f <- fitters[[name]]
  rows <- list()
  fit_s <- 0; forecast_s <- 0; fits <- 0; forecasts <- 0; failures <- 0
  for (i in seq_len(nrow(index))) {
    mine <- origins[origins$id == index$id[i] & origins$shared > 0, ]
    if (nrow(mine) == 0) next
    fives <- read.csv(file.path(folder, "fives", paste0(index$id[i], ".csv")))$filled
    fitted <- -1
    for (j in seq_len(nrow(mine))) {
      end <- mine$index5[j] + 1
      y <- ts(fives[max(1, end - window + 1):end], frequency = f$season)
      got <- try({
        if (mine$day[j] != fitted) {
          began <- spent()
          model <- f$fit(y)
          fit_s <- fit_s + spent() - began
          fits <- fits + 1
          fitted <- mine$day[j]
        }
        began <- spent()
        p <- forecast(f$move(y, model), h = 6, level = 80)
        forecast_s <- forecast_s + spent() - began
        forecasts <- forecasts + 1
        cbind(as.numeric(p$mean), as.numeric(p$lower), as.numeric(p$upper))[steps, ]
      }, silent = TRUE)
      if (inherits(got, "try-error") || any(!is.finite(got))) {
        failures <- failures + 1
        if (failures < 4) cat(name, index$container[i], index$metric[i], as.character(got), "\n")
        next
      }
      rows[[length(rows) + 1]] <- data.frame(container = index$container[i], metric = index$metric[i], origin = mine$time[j],
        horizon = 300 * steps, model = paste0("r-", name), mean = got[, 1], lo80 = got[, 2], hi80 = got[, 3])
    }
  }
  out <- file.path(folder, paste0("r-", name))
  write.csv(do.call(rbind, rows), paste0(out, ".csv"), row.names = FALSE, quote = FALSE)
  cat(sprintf('{"model":"r-%s","fit_s":%g,"fits":%d,"forecast_s":%g,"forecasts":%d,"failures":%d,"import_s":%g}\n',
    name, fit_s, fits, forecast_s, forecasts, failures, imported), file = paste0(out, ".json"))
  cat(name, fits, "fits of", fit_s / max(1, fits), "s,", forecasts, "forecasts of", forecast_s / forecasts, "s,", failures, "failures\n")
}
