# The seasonal and then the first differences of each M4 Hourly series, a
# digit a series and a line for each, by forecast's nsdiffs and ndiffs:
#
#     Rscript m4.R m4_hourly_train.csv.gz > m4_hourly.txt
suppressMessages(library(forecast))
m4 <- read.csv(gzfile(commandArgs(TRUE)[1]))
seasonal <- first <- integer(nrow(m4))
for (i in seq_len(nrow(m4))) {
  y <- as.numeric(m4[i, -1])
  y <- ts(y[!is.na(y)], frequency = 24)
  seasonal[i] <- nsdiffs(y)
  first[i] <- ndiffs(if (seasonal[i] > 0) diff(y, 24) else y)
}
cat(paste(seasonal, collapse = ""), "\n", paste(first, collapse = ""), "\n", sep = "")
