// Package optim finds the weights of networks: steps of AdamW on the shards of
// batches, on all cores, with one result for one seed, and the loop around
// them that watches a held back part, keeps the best weights and can be
// interrupted. What a network is, and what its batches are, is its own
// package's part.
package optim
