// Package sagemaker is what Amazon SageMaker asks of a container: where files
// lie below /opt/ml, what its configuration files say, and how it finds metrics
// in what is printed. The source is AWS's "Adapting your own training container"
// and "Use your own inference code"; Dockerfile, train.py and deploy.py beside it
// make an image, a script and a deployment of it, and cmd/foretide-sagemaker is
// the program in the image.
package sagemaker
